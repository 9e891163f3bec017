import type { JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";
import type { AskedCards } from "../../src/contract/science.js";
import { cardsAsked } from "../base/stage/gpus.js";

/**
 * Settings under `knowledge` by which one stage uses several GPUs at once, or so much memory of one. What the
 * cell does not read is not in its settings.
 */
export function cardsOfKnowledge(settings: JsonObject): readonly AskedCards[] {
  const knowledge = settings["knowledge"];
  if (!isJsonObject(knowledge)) return [];
  return ["teacher", "finetune", "infer", "embed"].flatMap((block) => {
    const options = knowledge[block];
    // A teacher that nobody serves takes no card.
    const reads =
      isJsonObject(options) && (block !== "teacher" || (options["server"] ?? null) !== null);
    const setting = reads ? options["gpus"] : undefined;
    if (typeof setting !== "number" && typeof setting !== "string") return [];
    const { gpus, gpuMemory } = cardsAsked(setting);
    return [{ path: `knowledge.${block}.gpus`, count: Math.ceil(gpus), memory: gpuMemory }];
  });
}
