import type { JsonObject } from "../../../src/base/json.js";
import { embedEngines } from "./engines/index.js";

/**
 * Fills in the model of `knowledge.embed`: it depends on the engine, which a schema's default can't
 * say. Keeps what it can't read.
 */
export function expandEmbed(embed: JsonObject): JsonObject {
  const model = embedEngines.find(({ name }) => name === embed["engine"])?.defaultModel ?? null;
  if (model === null) return embed;
  const written = embed["model"] ?? null;
  // The model of another engine was not written by the user: an axis changed the engine.
  const another = embedEngines.some(({ defaultModel }) => defaultModel === written);
  return written === null || another ? { ...embed, model } : embed;
}
