import { NO_ATTRIBUTE } from "./table/traits.js";
import type { BuiltDataset } from "./build.js";
import type { Dataset } from "../../base/artifacts/dataset.js";
import { type RawField, valuesOfText } from "../../base/artifacts/raw-fields.js";
import type { Ratings } from "./ratings.js";
import type { DatasetParams } from "./settings.js";
import type { ItemText, ReadTask } from "./source.js";

const NAMED = 3;

/** Categories that are all numbers are doubted from here on. */
const MANY = 100;

/**
 * Reports which ratings are left out because their item is not described, or because of its title.
 */
export function tellMissing(
  task: Pick<ReadTask, "note">,
  drop: (reason: string, ratings: number) => void,
  ratings: Ratings,
  wanted: ReadonlySet<string>,
  found: ReadonlyMap<string, ItemText | null>,
): void {
  if ([...wanted].every((id) => (found.get(id) ?? null) !== null)) return;
  const counts = new Map<number, number>();
  for (const item of ratings.item) counts.set(item, (counts.get(item) ?? 0) + 1);
  const missing = { items: 0, ratings: 0, first: [] as string[] };
  const titled = { items: 0, ratings: 0, first: [] as string[] };
  for (const [item, count] of counts) {
    const id = ratings.items.text(item);
    const text = found.get(id);
    if (text !== undefined && text !== null) continue;
    const group = text === undefined ? missing : titled;
    group.items += 1;
    group.ratings += count;
    if (group.first.length < NAMED) group.first.push(JSON.stringify(id));
  }
  drop("item_unknown", missing.ratings);
  drop("title_dropped", titled.ratings);
  const say = (severity: "warning" | "info", group: typeof missing, why: string): void => {
    if (group.items === 0) return;
    const which = `${group.first.join(", ")}${group.items > NAMED ? ", …" : ""}`;
    task.note(
      severity,
      `${group.items} of ${wanted.size} items ${why} and left the sequences with ${group.ratings} of ${ratings.item.length} ratings: ${which}`,
    );
  };
  say("warning", missing, "have no line in the file of items");
  say("info", titled, "have a title that drop_titles names");
}

/**
 * Says how many ratings are of an item that the user rated before.
 *
 * @returns the mark of a data set that keeps them; null where there is nothing to mark
 */
export function tellRepeats(
  task: Pick<ReadTask, "note"> & { readonly params: Pick<DatasetParams, "repeats"> },
  ratings: Ratings,
  repeats: Int32Array,
): { readonly repeats: string } | null {
  if (repeats.length === 0) return null;
  const row = repeats[0]!;
  const first = `user ${JSON.stringify(ratings.users.text(ratings.user[row]!))}, item ${JSON.stringify(ratings.items.text(ratings.item[row]!))}`;
  const what = `${repeats.length} of ${ratings.user.length} ratings are of an item that the user rated before`;
  if (task.params.repeats === "first") {
    task.note("info", `${what}, and were left out, such as ${first}`);
    return null;
  }
  task.note(
    "warning",
    `${what}, such as ${first}: as a target it stands in its own history; dataset.repeats: first leaves them out`,
  );
  return { repeats: `${what}: such a target stands in its own history` };
}

/**
 * Warns about an attribute that is the same for all items: the file probably has it under another
 * name.
 */
export function tellOneForAll(
  task: Pick<ReadTask, "note">,
  { dataset, items }: BuiltDataset,
): void {
  if (items.length < 2) return;
  dataset.attributeFields.forEach((field, i) => {
    const values = new Set(items.map(({ attributes }) => attributes[i] ?? null));
    if (values.size > 1) return;
    const [value] = values;
    // A table whose spec names no attributes has none to miss.
    if (field === NO_ATTRIBUTE && value === null) return;
    const same = value === null || value === undefined ? "no" : `the same`;
    const shown = value === null || value === undefined ? "" : ` (${JSON.stringify(value)})`;
    task.note(
      "warning",
      `all ${items.length} items have ${same} ${field}${shown}: see whether the file of items names it otherwise`,
    );
  });
}

/**
 * Warns about training samples that come after a test sample of their user: their histories hold it.
 *
 * @returns the mark of such a data set; null where there is nothing to mark
 */
export function tellUnordered(
  task: Pick<ReadTask, "note">,
  dataset: Pick<Dataset, "users" | "train" | "test" | "interactionUser">,
): { readonly split: string } | null {
  const first = new Int32Array(dataset.users + 1).fill(-1);
  for (const row of dataset.test) {
    const user = dataset.interactionUser[row]!;
    if (first[user] === -1) first[user] = row;
  }
  let after = 0;
  for (const row of dataset.train) {
    const tested = first[dataset.interactionUser[row]!]!;
    if (tested >= 0 && tested < row) after += 1;
  }
  if (after === 0) return null;
  const what = `${after} of ${dataset.train.length} training samples come after a test sample of their user, which may stand in their histories`;
  task.note("warning", what);
  return { split: what };
}

/** Says what is doubtful about fields: values that are left out, and numbers taken for categories. */
export function tellFields(task: Pick<ReadTask, "note">, fields: readonly RawField[]): void {
  for (const { name, kind, most, texts, value } of fields) {
    const values = texts.map(valuesOfText);
    if (kind === "categories") {
      let longer = 0;
      for (const number of value) if (values[number]!.length > most!) longer += 1;
      if (longer > 0)
        task.note(
          "warning",
          `the field ${name} has more than ${most} values in ${longer} rows, of which the first ${most} count: \`most\` allows more`,
        );
    }
    const numbers = texts.filter((text) => text !== "" && Number.isFinite(Number(text)));
    if (kind === "category" && numbers.length > MANY && numbers.length === texts.length - 1)
      task.note(
        "warning",
        `the field ${name} has ${numbers.length} different values, all numbers, and each is a category of its own: {column: …, buckets: 10} or {column: …, standardise: true} takes them as numbers`,
      );
  }
}
