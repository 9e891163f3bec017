import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { watchedCosines } from "../../base/artifacts/cosine.js";
import { readDatasetInfo } from "../../base/artifacts/dataset.js";
import { readTexts, SIDES } from "../../base/artifacts/knowledge.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import { modelIdentity, vectorFolder, vectorKey } from "../../base/models/identity.js";
import { modelLabel } from "../../base/models/model-input.js";
import { cacheFolder } from "../../base/stage/cache.js";
import type { SideVectors } from "../../base/artifacts/vectors.js";
import { readSideVectors, sideVectors, writeVectors } from "../../base/artifacts/vectors.js";
import type { Embedder, EmbedParams } from "./engines/engine.js";
import { VectorLog } from "./vector-log.js";

/** Texts of one side. */
interface SideTexts {
  /** Users or items of the data set. */
  readonly count: number;
  /** Number of each user or item that has a text, and the key of that text. */
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
  const source = task.inputs["text"]!;
  const texts = new Map<string, string>();
  const sideOf = async (side: Side): Promise<SideVectors | SideTexts> => {
    const own = await readSideVectors(source, side);
    if (own !== null) return own;
    const lines = (await readTexts(source, side)).filter((line) => line.text.trim() !== "");
    const keys = lines.map((line) => {
      const key = vectorKey(line.text);
      texts.set(key, line.text);
      return [line.index, key] as const;
    });
    return { count: counts[side], keys };
  };
  const sides = { users: await sideOf("users"), items: await sideOf("items") };
  const identity = { params: task.params, model: modelIdentity("model", task) };
  const log = new VectorLog(path.join(cacheFolder(task), vectorFolder(identity)), texts);
  const found = [...texts.keys()].filter((key) => log.get(key) !== undefined).length;
  try {
    await embedMissing(task, texts, log, load);
    await publishVectors(task, sides, log, texts.size - found);
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

/** Writes the artifact's two sides; vectors of the user's own are passed on as they are. */
async function publishVectors(
  task: StageTask<EmbedParams>,
  sides: { readonly [side in Side]: SideVectors | SideTexts },
  log: VectorLog,
  embedded: number,
): Promise<void> {
  const first = SIDES.flatMap((side) => keysOf(sides[side]))[0]?.[1];
  const width = first === undefined ? 1 : log.get(first)!.length;
  const filled = (side: SideVectors | SideTexts): SideVectors =>
    "numbers" in side
      ? side
      : sideVectors(
          side.count,
          width,
          side.keys.map(([index, key]) => [index, log.get(key)!] as const),
        );
  const [users, items] = [filled(sides.users), filled(sides.items)];
  await writeVectors(task.out, { model: modelLabel(task.params.model), users, items });
  await task.publish({
    metrics: {
      "texts.embedded": embedded,
      "users.without_text": users.withoutText,
      "users.dimension": users.width,
      "items.without_text": items.withoutText,
      "items.dimension": items.width,
      ...watchedCosines(task, { users, items }),
    },
  });
}

const keysOf = (side: SideVectors | SideTexts): SideTexts["keys"] =>
  "keys" in side ? side.keys : [];
