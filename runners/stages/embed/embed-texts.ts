import { copyFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { readDatasetInfo } from "../../base/artifacts/dataset.js";
import { readTexts, SIDES } from "../../base/artifacts/knowledge.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { modelIdentity, vectorFolder, vectorKey } from "../../base/models/identity.js";
import { modelLabel } from "../../base/models/model-input.js";
import { cacheFolder } from "../../base/stage/cache.js";
import { readNpy, writeNpy } from "../../base/files/npy.js";
import type { Embedder, EmbedParams } from "./engines/engine.js";
import { VectorLog } from "./vector-log.js";

/** Vectors of one side, or null where its vectors are the user's own and are passed on. */
interface SideTexts {
  readonly side: Side;
  readonly count: number;
  readonly keys: readonly (readonly [index: number, key: string])[];
}

/**
 * Embeds a text artifact. Equal texts are embedded once; vectors are kept as they come, by model,
 * options and text, so that after a kill, or for a text artifact that shares texts with one
 * embedded before, only what is missing is done.
 *
 * @param load called only where something is missing
 */
export async function embedTexts(
  task: StageTask<EmbedParams>,
  load: () => Promise<Embedder>,
): Promise<void> {
  const counts = await readDatasetInfo(task.inputs["dataset"]!);
  const texts = new Map<string, string>();
  const sides: SideTexts[] = [];
  const source = task.inputs["text"]!;
  for (const side of SIDES) {
    if (existsSync(path.join(source, `${side}.npy`))) continue;
    const lines = (await readTexts(source, side)).filter((line) => line.text.trim() !== "");
    const keys = lines.map((line) => {
      const key = vectorKey(line.text);
      texts.set(key, line.text);
      return [line.index, key] as const;
    });
    sides.push({ side, count: counts[side], keys });
  }
  const identity = { params: task.params, model: modelIdentity("model", task) };
  const log = new VectorLog(path.join(cacheFolder(task), vectorFolder(identity)), texts);
  const found = [...texts.keys()].filter((key) => log.get(key) !== undefined).length;
  try {
    await embedMissing(task, texts, log, load);
    await writeVectors(task, source, sides, log, texts.size - found);
  } finally {
    log.close();
  }
}

async function embedMissing(
  task: StageTask<EmbedParams>,
  texts: ReadonlyMap<string, string>,
  log: VectorLog,
  load: () => Promise<Embedder>,
): Promise<void> {
  const missing = [...texts].filter(([key]) => log.get(key) === undefined);
  const total = texts.size;
  let done = total - missing.length;
  task.emit({ type: "progress", done, total, unit: "texts" });
  if (missing.length === 0) return;
  const stopped = () => task.stop.draining || task.stop.abort.aborted;
  if (stopped()) throw new Drained();
  const embedder = await load();
  try {
    await embedder.embed(
      missing.map(([, text]) => text),
      (vectors) => {
        log.add(vectors.map(([place, vector]) => [missing[place]![0], vector] as const));
        done += vectors.length;
        task.emit({ type: "progress", done, total, unit: "texts" });
      },
      stopped,
    );
  } finally {
    await embedder.close();
  }
  if (done < total) {
    if (stopped()) throw new Drained();
    throw new Error(`the model gave vectors for ${done} of ${total} texts`);
  }
}

async function writeVectors(
  task: StageTask<EmbedParams>,
  source: string,
  sides: readonly SideTexts[],
  log: VectorLog,
  embedded: number,
): Promise<void> {
  const about: { [name: string]: JsonObject[string] } = {
    model: modelLabel(task.params.model),
  };
  const metrics: { [name: string]: number } = { "texts.embedded": embedded };
  const dimension = sides.flatMap(({ keys }) => keys)[0]?.[1];
  const width = dimension === undefined ? 1 : log.get(dimension)!.length;
  for (const side of SIDES) {
    const one = side.slice(0, -1);
    const own = sides.find((each) => each.side === side);
    if (own === undefined) {
      const array = await readNpy(path.join(source, `${side}.npy`));
      await copyFile(path.join(source, `${side}.npy`), path.join(task.out, `${side}.npy`));
      about[`${one}_dimension`] = array.shape[1]!;
      about[`${side}_without_text`] = zeroRows(array.data as Float32Array, array.shape[1]!) - 1;
    } else {
      const numbers = new Float32Array((own.count + 1) * width);
      for (const [index, key] of own.keys) numbers.set(log.get(key)!, index * width);
      await writeNpy(path.join(task.out, `${side}.npy`), numbers, [own.count + 1, width]);
      about[`${one}_dimension`] = width;
      about[`${side}_without_text`] = own.count - own.keys.length;
    }
    metrics[`${side}.without_text`] = about[`${side}_without_text`] as number;
    metrics[`${side}.dimension`] = about[`${one}_dimension`] as number;
  }
  await writeFile(path.join(task.out, "embedding.json"), `${JSON.stringify(about, null, 2)}\n`);
  await task.publish({ metrics });
}

/** Rows that hold nothing but zeros, row 0 among them. */
export function zeroRows(numbers: Float32Array, width: number): number {
  let zeros = 0;
  for (let at = 0; at < numbers.length; at += width) {
    if (numbers.subarray(at, at + width).every((number) => number === 0)) zeros += 1;
  }
  return zeros;
}
