import { readFile } from "node:fs/promises";
import { UserError } from "../../../src/base/exit.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { isJsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { watchedCosines } from "../../base/artifacts/cosine.js";
import { readJsonl } from "../../base/files/jsonl.js";
import type { KnowledgeData, Side } from "../../base/artifacts/knowledge.js";
import { readKnowledgeData, SIDES } from "../../base/artifacts/knowledge.js";
import { writeTexts } from "../../base/artifacts/write-texts.js";
import { isZeros } from "../../base/artifacts/rows.js";
import type { SideVectors } from "../../base/artifacts/vectors.js";
import { sideVectors, writeSideVectors, writeVectors } from "../../base/artifacts/write-vectors.js";
import { isVectorFile } from "./settings.js";
import { programOf } from "../../base/stage/program.js";
import { readVectorTable } from "../../base/files/vector-table.js";

/** What the user's file says about one side. */
type Own =
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly texts: ReadonlyMap<number, string> }
  | { readonly kind: "vectors"; readonly vectors: ReadonlyMap<number, Float32Array> };

/** Text or vectors of the user's own, brought into the form of our artifacts. */
export const program = programOf(readOwn);

async function readOwn(task: StageTask): Promise<void> {
  const data = await readKnowledgeData(task.inputs["dataset"]!);
  const own: { [side in Side]: Own } = {
    users: await ownSide(task, data, "users"),
    items: await ownSide(task, data, "items"),
  };
  const width = SIDES.map((side) => widthOf(own[side])).find((each) => each !== null) ?? null;
  const metrics: { [name: string]: number } = {};
  const vectors: { [side in Side]?: SideVectors } = {};
  for (const side of SIDES) {
    const from = own[side];
    const count = data[side];
    if (from.kind === "text" || (from.kind === "none" && width === null)) {
      const texts = from.kind === "text" ? [...from.texts].sort(([a], [b]) => a - b) : [];
      await writeTexts(
        task.out,
        side,
        texts.map(([index, text]) => ({ index, text })),
      );
      metrics[`${side}.${from.kind === "text" ? "texts" : "vectors"}`] = texts.length;
    } else {
      const rows = from.kind === "vectors" ? from.vectors : [];
      vectors[side] = sideVectors(count, widthOf(from) ?? width!, rows);
      metrics[`${side}.vectors`] = count - vectors[side].withoutText;
    }
  }
  const { users, items } = vectors;
  // Where both sides are vectors nothing is left to embed: this is an artifact of vectors.
  if (users !== undefined && items !== undefined) {
    await writeVectors(task.out, { model: "file", users, items });
    Object.assign(metrics, watchedCosines(task, { users, items }));
  } else {
    for (const side of SIDES) {
      const one = vectors[side];
      if (one !== undefined) await writeSideVectors(task.out, side, one);
    }
  }
  await task.publish({ metrics });
}

const widthOf = (own: Own): number | null =>
  own.kind === "vectors" ? ([...own.vectors.values()][0]?.length ?? null) : null;

async function ownSide(task: StageTask, data: KnowledgeData, side: Side): Promise<Own> {
  const file = task.files[side];
  if (file === undefined) return { kind: "none" };
  const ids = side === "users" ? data.userIds : data.itemIds;
  const own = isVectorFile(file)
    ? await fromTable(task, file, task.files[side === "users" ? "user_ids" : "item_ids"], ids, side)
    : await fromLines(task, file, ids, side);
  if (own.kind === "vectors") checkZeros(task, file, side, own.vectors);
  return own;
}

async function fromLines(
  task: StageTask,
  file: string,
  ids: readonly string[],
  side: Side,
): Promise<Own> {
  const numbers = numbersOf(ids);
  const texts = new Map<number, string>();
  const vectors = new Map<number, Float32Array>();
  const seen = new Map<string, number>();
  let unknown = 0;
  let width: number | null = null;
  for await (const { line, value } of readJsonl(file)) {
    const place = `${file}:${line}`;
    const row = ownLine(place, value);
    const before = seen.get(row.id);
    if (before !== undefined) {
      throw new UserError(`${place}: ${JSON.stringify(row.id)} stands in line ${before} already`);
    }
    seen.set(row.id, line);
    const vector = row.vector;
    if (seen.size > 1 && (vector === null) !== (width === null)) {
      throw new UserError(`${place}: a file must not mix texts and vectors`);
    }
    if (vector !== null) {
      width ??= vector.length;
      if (vector.length !== width) {
        throw new UserError(
          `${place}: a vector of ${vector.length} numbers, but the others have ${width}`,
        );
      }
    }
    const index = numbers.get(row.id);
    if (index === undefined) unknown += 1;
    else if (row.vector !== null) vectors.set(index, row.vector);
    else if (row.text.trim() !== "") texts.set(index, row.text);
  }
  checkKnown(task, file, side, seen.size, unknown, ids);
  return width === null ? { kind: "text", texts } : { kind: "vectors", vectors };
}

interface OwnLine {
  readonly id: string;
  readonly text: string;
  readonly vector: Float32Array | null;
}

function ownLine(place: string, value: Json): OwnLine {
  const form = `{"id": ..., "text": "..."} or {"id": ..., "vector": [...]} is expected`;
  if (!isJsonObject(value)) throw new UserError(`${place}: ${form}`);
  const { id, text, vector } = value as JsonObject;
  if (typeof id !== "string" && typeof id !== "number") {
    throw new UserError(`${place}: id is missing; ${form}`);
  }
  if (typeof text === "string" && vector === undefined) {
    return { id: String(id), text, vector: null };
  }
  const isVector =
    Array.isArray(vector) &&
    vector.length > 0 &&
    (vector as readonly Json[]).every((number) => typeof number === "number");
  if (!isVector || text !== undefined) throw new UserError(`${place}: ${form}`);
  const numbers = Float32Array.from(vector as readonly number[]);
  const bad = numbers.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0) {
    throw new UserError(
      `${place}: number ${bad} (from 0) of the vector is ${String((vector as readonly Json[])[bad])}, ` +
        `which is not finite in float32`,
    );
  }
  return { id: String(id), text: "", vector: numbers };
}

/** Vectors of a table, by the ids file or by their order. */
async function fromTable(
  task: StageTask,
  file: string,
  idsFile: string | undefined,
  ids: readonly string[],
  side: Side,
): Promise<Own> {
  const { rows, width, numbers } = await readVectorTable(file);
  const count = ids.length - 1;
  const rowOf = (row: number) => numbers.slice(row * width, (row + 1) * width);
  const vectors = new Map<number, Float32Array>();
  if (idsFile === undefined) {
    if (rows !== count && rows !== count + 1) {
      throw new UserError(
        `${file} has ${rows} rows; the data set has ${count} ${side}, ` +
          `so ${count} rows are wanted (or ${count + 1}, the first for padding), or a file of ids`,
      );
    }
    const shift = rows - count;
    for (let index = 1; index <= count; index++) vectors.set(index, rowOf(index - 1 + shift));
    return { kind: "vectors", vectors };
  }
  const named = withoutMark(await readFile(idsFile, "utf8")).split(/\r?\n/u);
  if (named.at(-1) === "") named.pop();
  if (named.length !== rows) {
    throw new UserError(`${idsFile} has ${named.length} ids and ${file} has ${rows} rows`);
  }
  const index = numbersOf(ids);
  let unknown = 0;
  named.forEach((id, row) => {
    const number = index.get(id.trim());
    if (number === undefined) {
      unknown += 1;
      return;
    }
    if (vectors.has(number)) {
      throw new UserError(`${idsFile}:${row + 1}: ${id} stands there a second time`);
    }
    vectors.set(number, rowOf(row));
  });
  checkKnown(task, idsFile, side, named.length, unknown, ids);
  return { kind: "vectors", vectors };
}

/** A text without the byte order mark that some programs write in front of it. */
const withoutMark = (text: string): string => text.replace(/^\ufeff/u, "");

const numbersOf = (ids: readonly string[]): ReadonlyMap<string, number> =>
  new Map(ids.map((id, index) => [id, index] as const).slice(1));

/** A vector of zeros means that somebody has none. */
function checkZeros(
  task: StageTask,
  file: string,
  side: Side,
  vectors: ReadonlyMap<number, Float32Array>,
): void {
  const zeros = [...vectors.values()].filter(isZeros);
  if (zeros.length === 0) return;
  if (zeros.length === vectors.size) throw new UserError(`${file}: every vector is zeros alone`);
  const message = `${file}: ${zeros.length} of ${vectors.size} ${side} have a vector of zeros alone, which means that they have none`;
  task.emit({ type: "note", severity: "warning", message });
}

function checkKnown(
  task: StageTask,
  file: string,
  side: Side,
  lines: number,
  unknown: number,
  ids: readonly string[],
): void {
  if (lines === 0) throw new UserError(`${file} is empty`);
  if (unknown === lines) throw noneKnown(file, side, ids);
  if (unknown === 0) return;
  const message = `${file}: ${unknown} of ${lines} ids are not among the data set's ${side}`;
  task.emit({ type: "note", severity: "warning", message });
}

const noneKnown = (file: string, side: Side, ids: readonly string[]): UserError =>
  new UserError(
    `${file}: none of its ids is one of the data set's ${side}, such as ${ids.slice(1, 4).join(", ")}`,
  );
