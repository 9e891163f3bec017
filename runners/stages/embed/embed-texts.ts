import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";
import { modelIdentity, vectorFolder } from "../../base/models/identity.js";
import { atFirst } from "../../base/stage/at-first.js";
import { cacheFolder } from "../../base/stage/cache.js";
import { embedMissing } from "./embed-missing.js";
import type { Embedder, EmbedParams } from "./engines/engine.js";
import { publishVectors } from "./publish.js";
import { readSides, textsOf } from "./sides.js";
import { VectorLog } from "./vector-log.js";

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
  const sides = await readSides(task.inputs["text"]!, task.inputs["dataset"]!);
  const texts = textsOf(sides);
  const identity = { params: task.params, model: modelIdentity("model", task) };
  const log = new VectorLog(path.join(cacheFolder(task), vectorFolder(identity)), texts);
  const found = [...texts.keys()].filter((key) => log.get(key) !== undefined).length;
  try {
    const missing = await atFirst(task, "embedded", texts.size - found);
    await embedMissing(task, texts, log, load);
    await publishVectors(task, sides, log, missing);
  } finally {
    log.close();
  }
}
