import { encoder } from "./encoder.js";
import { endpoint } from "./endpoint.js";
import type { EmbedEngine } from "./engine.js";
import { sentenceTransformers } from "./sentence-transformers.js";

/** Every way of turning text into vectors that a spec can name. */
export const embedEngines: readonly EmbedEngine[] = [encoder, sentenceTransformers, endpoint];
