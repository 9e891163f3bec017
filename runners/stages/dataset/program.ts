import { join } from "node:path";
import { UserError } from "../../../src/base/exit.js";
import { Drained, type StageTask } from "../../../src/contract/runner.js";
import { programOf } from "../../base/stage/program.js";
import { buildDataset, type BuiltDataset, type DatasetTraits } from "./build.js";
import { implicitIn } from "./label.js";
import { drawNegatives } from "./negatives.js";
import { tellFields, tellMissing, tellOneForAll, tellRepeats, tellUnordered } from "./remarks.js";
import { otherRows, repeatedRows } from "./repeats.js";
import { coreRows } from "./core.js";
import { keepRows, type Ratings } from "./ratings.js";
import { ruleOf } from "./split-rule.js";
import type { DatasetParams } from "./settings.js";
import type { ItemText, ReadTask, Source } from "./source.js";
import { sourceOfStage } from "./sources.js";
import { metricsOf, writeBuilt } from "./write.js";

/** Prepares data sets, one after another. */
export const program = programOf<DatasetParams>(prepare);

async function prepare(task: StageTask<DatasetParams>): Promise<void> {
  const { params } = task;
  const source = sourceOfStage(params.id);
  if (source === undefined) throw new UserError(`there is no data set ${params.id}`);
  const dropped = new Map<string, number>();
  const drop = (reason: string, ratings: number): void => {
    if (ratings > 0) dropped.set(`dropped.${reason}`, ratings);
  };
  const reading = readTask(task, drop);
  const all = await source.readRatings(reading);
  const core = coreOf(source, all, params);
  drop("below_core", all.user.length - core.user.length);
  const order = source.orderKey(params);
  const repeats = repeatedRows(core, order);
  const ratings =
    params.repeats === "first" && repeats.length > 0
      ? coreOf(source, keepRows(core, otherRows(core.user.length, repeats)), params)
      : core;
  const repeated = tellRepeats(reading, core, repeats);
  if (ratings !== core) drop("repeated", core.user.length - ratings.user.length);
  const wanted = new Set<string>();
  for (const id of new Set(ratings.item)) wanted.add(ratings.items.text(id));
  const found = await source.readItems(reading, wanted);
  const texts = new Map(
    [...found].filter((entry): entry is [string, ItemText] => entry[1] !== null),
  );
  tellMissing(reading, drop, ratings, wanted, found);
  const users = await userFields(source, reading, ratings);
  const rule = ruleOf(params);
  const traits = {
    id: source.id,
    attributeFields: source.attributeFields,
    domain: source.domain,
    ...source.traits?.(params),
    ...scaleOf(source, ratings, params.like_above),
    ...(rule.by === "date" || rule.by === "column" ? { splitBy: rule.by } : {}),
  };
  const built = withDrawn(task, buildDataset(traits, ratings, texts, order, rule, users));
  tellFields(reading, built.dataset.fields ?? []);
  if (built.dataset.train.length === 0 || built.dataset.test.length === 0) {
    throw new UserError(
      `${source.id} has no ${built.dataset.train.length === 0 ? "training" : "test"} samples: a user's first sample is the 12th rating, and no user of ${built.dataset.users} has enough`,
    );
  }
  tellOneForAll(reading, built);
  const marks = { ...repeated, ...tellUnordered(reading, built.dataset) };
  await writeBuilt(task.out, built);
  await task.publish({
    metrics: { ...metricsOf(built.dataset), ...Object.fromEntries(dropped) },
    ...(Object.keys(marks).length === 0 ? {} : { marks }),
  });
}

/** Texts of users' fields by raw id. */
async function userFields(
  source: Source,
  task: ReadTask,
  ratings: Ratings,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const fields = source.traits?.(task.params).fields ?? [];
  if (source.readUsers === undefined || fields.every(({ of }) => of !== "user")) return new Map();
  const wanted = new Set<string>();
  for (const id of new Set(ratings.user)) wanted.add(ratings.users.text(id));
  return source.readUsers(task, wanted);
}

/** The data set with its drawn negatives, where its labels are implicit. */
function withDrawn(task: StageTask<DatasetParams>, built: BuiltDataset): BuiltDataset {
  const implicit = implicitIn(task.params);
  if (implicit === null) return built;
  const { dataset, users } = built;
  const rows = Int32Array.from([...dataset.train, ...dataset.test]).sort();
  const ids = ["", ...users.map(({ id }) => id)];
  const { negatives, short } = drawNegatives(dataset, rows, ids, implicit);
  if (short.length > 0) {
    const first = JSON.stringify(ids[short[0]!]);
    const message = `${short.length} users, such as ${first}, lack fewer than ${implicit.negatives} items: each of their samples has all of these as negatives`;
    task.emit({ type: "note", severity: "warning", message });
  }
  return { ...built, dataset: { ...dataset, implicit, negatives } };
}

/** The largest rating and the threshold, in ratings as the artifact has them. */
function scaleOf(
  { ratings: largest }: Source,
  { scale }: Ratings,
  likeAbove: number,
): Pick<DatasetTraits, "ratings" | "likeAbove" | "shown"> {
  const values = scale?.values ?? null;
  if (values === null) return { ratings: scale?.largest ?? largest!, likeAbove };
  return {
    ratings: values.length,
    likeAbove: values.filter((value) => value <= likeAbove).length,
    shown: { values, likeAbove },
  };
}

/** The ratings that pass both cores; an error where none does. */
function coreOf(source: Source, all: Ratings, params: DatasetParams): Ratings {
  const { user_core, item_core } = params;
  const rows = coreRows(all, user_core, item_core);
  if (rows.length > 0) return keepRows(all, rows);
  if (all.user.length === 0) throw new UserError(`${source.id}: the file holds no ratings`);
  throw new UserError(
    `no rating of ${source.id} is left: of ${all.user.length} ratings by ${all.users.size} users none ` +
      `passes user_core ${user_core} with item_core ${item_core}; choose smaller ones`,
  );
}

function readTask(task: StageTask<DatasetParams>, drop: ReadTask["drop"]): ReadTask {
  const { params, files, stop } = task;
  let told = 0;
  return {
    params,
    files,
    stop,
    // Fetched files are shared by all stores; without such a folder they last as long as the stage.
    downloads: process.env["R4EC_DOWNLOADS"] ?? join(task.work, "downloads"),
    drop,
    work: task.work,
    note: (severity, message) => task.emit({ type: "note", severity, message }),
    progress: (done, total, unit) => {
      if (stop.draining || stop.abort.aborted) throw new Drained();
      const now = Date.now();
      if (now - told < 200 && done < total) return;
      told = now;
      task.emit({ type: "progress", done, total, unit });
    },
  };
}
