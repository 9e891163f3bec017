import { UserError } from "../../../../src/base/exit.js";
import type { Ratings } from "../ratings.js";
import { Column } from "../column.js";
import { RatingColumns } from "../ratings.js";
import { PART, type SplitRule } from "../split-rule.js";
import type { ReadTask } from "../source.js";
import { BadLines } from "./bad-lines.js";
import { dateReader } from "./dates.js";
import { TextColumn, type FieldColumn } from "./fields.js";
import { LevelColumn } from "./levels.js";
import type { Row, TableInput, WantedColumn } from "./row.js";
import { eachRow } from "./rows.js";
import type { InteractionSettings } from "./settings.js";
import { fieldsWanted } from "./users.js";
import { TimeColumn } from "./times.js";

/** Which columns of interactions are read. */
export interface InteractionColumns {
  readonly user: string;
  readonly item: string;
  /** What the label comes from, a rating or a label by itself; null: every interaction is positive. */
  readonly rating: string | null;
  /** Null: the order of the rows is the order in time. */
  readonly time: string | null;
  /** Fields of the context; left out where there are none. */
  readonly fields?: readonly FieldColumn[];
}

/** The column of a split by column, with the values of its parts. */
export type PartColumn = Extract<SplitRule, { by: "column" }>;

/**
 * Reads the interactions of a table. Rows without a rating are left out and counted as `unrated`;
 * rows that can't be used are left out, counted as `unreadable` and named, or are an error where
 * there are many.
 */
export async function readInteractions(
  task: ReadTask,
  input: TableInput,
  columns: InteractionColumns,
  settings: InteractionSettings,
  part: PartColumn | null = null,
): Promise<Ratings> {
  const gathered = new RatingColumns();
  const levels = columns.rating === null ? null : new LevelColumn(columns.rating);
  const times = new TimeColumn(timeSettings(settings));
  const bad = new BadLines();
  let unrated = 0;
  const wanted: WantedColumn[] = [
    { name: columns.user, kind: "id" },
    { name: columns.item, kind: "id" },
    ...(columns.rating === null ? [] : [{ name: columns.rating, kind: "text" } as const]),
    ...(columns.time === null ? [] : [{ name: columns.time, kind: "text" } as const]),
    ...(part === null ? [] : [{ name: part.column, kind: "text" } as const]),
  ];
  const partField = wanted.length - 1;
  const fields = (columns.fields ?? []).map((field) => new TextColumn(field));
  const firstField = wanted.length;
  wanted.push(...fieldsWanted(columns.fields ?? []));
  const fieldNumbers = new Int32Array(fields.length);
  const parts = new Column((length) => new Uint8Array(length));
  const timeField = columns.rating === null ? 2 : 3;
  await eachRow(task, input, wanted, bad, (row) => {
    const { bytes, starts, ends, where } = row;
    if (isEmpty(row, 0)) return `no ${columns.user}`;
    if (isEmpty(row, 1)) return `no ${columns.item}`;
    if (columns.time !== null && isEmpty(row, timeField)) return `no ${columns.time}`;
    if (levels !== null && isEmpty(row, 2)) {
      unrated += 1;
      return undefined;
    }
    const partOf = part === null ? 0 : partNumber(part, row, partField);
    if (typeof partOf === "string") return partOf;
    const level = levels?.number(bytes, starts[2]!, ends[2]!);
    if (typeof level === "string") return level;
    for (const [n, field] of fields.entries()) {
      const at = firstField + n;
      const number = field.number(bytes, starts[at]!, ends[at]!);
      if (typeof number === "string") return number;
      fieldNumbers[n] = number;
    }
    if (columns.time === null) times.pushRow(gathered.user.length);
    else {
      const wrong = times.push(bytes, starts[timeField]!, ends[timeField]!, where);
      if (wrong !== undefined) return wrong;
    }
    if (level !== undefined) levels!.push(level);
    if (part !== null) parts.push(partOf);
    for (const [n, field] of fields.entries()) field.push(fieldNumbers[n]!);
    gathered.user.push(gathered.users.intern(bytes, starts[0]!, ends[0]!));
    gathered.item.push(gathered.items.intern(bytes, starts[1]!, ends[1]!));
    return undefined;
  });
  const told = bad.told(input.what);
  if (told !== undefined) task.note("warning", told);
  task.drop("unreadable", bad.bad);
  task.drop("unrated", unrated);
  if (unrated > 0)
    task.note("info", `${unrated} interactions have no ${columns.rating} and were left out`);
  const { seconds, told: timesTold } = times.take();
  if (timesTold !== null) task.note("info", timesTold);
  const taken = gathered.take();
  const { levels: rating, scale } = levels?.take() ?? allPositive(taken.user.length);
  return {
    ...taken,
    rating,
    time: seconds,
    scale,
    ...(part === null ? {} : { part: parts.take() }),
    ...(fields.length === 0 ? {} : { context: fields.map((field) => field.take()) }),
  };
}

/** The ratings of interactions that have none: each is 1, and above the threshold 0. */
const allPositive = (rows: number): ReturnType<LevelColumn["take"]> => ({
  levels: new Uint8Array(rows).fill(1),
  scale: { largest: 1, values: null },
});

const WORDS: { readonly [word: string]: number } = {
  train: PART.train,
  training: PART.train,
  valid: PART.valid,
  validation: PART.valid,
  val: PART.valid,
  dev: PART.valid,
  test: PART.test,
};

/** The part of a row; a text says what is wrong with it. */
function partNumber(
  { column, test, valid }: PartColumn,
  { bytes, starts, ends }: Row,
  field: number,
): number | string {
  const text = bytes.toString("utf8", starts[field], ends[field]);
  if (text === "") return `no ${column}`;
  if (test !== undefined)
    return text === test ? PART.test : text === valid ? PART.valid : PART.train;
  return (
    WORDS[text.toLowerCase()] ??
    `${column} is ${JSON.stringify(text)}, not train, valid or test; give the value of the rows for testing: dataset.split.test`
  );
}

const isEmpty = ({ starts, ends }: Row, field: number): boolean => starts[field] === ends[field];

function timeSettings(settings: InteractionSettings): ConstructorParameters<typeof TimeColumn>[0] {
  const { time_unit: unit, time_format: text } = settings;
  if (text === undefined) return { unit };
  const read = dateReader(text);
  if (read === null) throw new UserError(`interactions.time_format ${text} can't be read`);
  return { unit, form: { text, read } };
}
