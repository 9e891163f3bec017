import type { JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";

/**
 * Settings under `knowledge` by which one stage uses several GPUs at once, with their number. What the
 * cell does not read is not in its settings.
 */
export function cardsOfKnowledge(
  settings: JsonObject,
): readonly { readonly path: string; readonly count: number }[] {
  const knowledge = settings["knowledge"];
  if (!isJsonObject(knowledge)) return [];
  return ["finetune", "infer"].flatMap((block) => {
    const options = knowledge[block];
    const count = isJsonObject(options) ? options["gpus"] : undefined;
    return typeof count === "number"
      ? [{ path: `knowledge.${block}.gpus`, count: Math.ceil(count) }]
      : [];
  });
}
