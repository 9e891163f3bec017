import type { StageTask } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import type { Embedder, EmbedParams } from "./engines/engine.js";
import { fitter, formOf } from "./fit.js";
import type { VectorLog } from "./vector-log.js";
import { warnOfZeros } from "./zeros.js";

/**
 * Embeds the texts that have no vector yet. Throws {@link Drained} after a stop.
 *
 * @param texts by their keys
 */
export async function embedMissing(
  task: StageTask<EmbedParams>,
  texts: ReadonlyMap<string, string>,
  log: VectorLog,
  load: () => Promise<Embedder>,
): Promise<void> {
  const kept = [...texts.keys()].find((key) => log.get(key) !== undefined);
  const fit = fitter(formOf(task.params), kept === undefined ? null : log.get(kept)!.length);
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
        log.add(vectors.map(([place, vector]) => [missing[place]![0], fit(vector)] as const));
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
  warnOfZeros(task, texts, log);
}
