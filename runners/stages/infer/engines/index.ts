import { endpoint } from "./endpoint.js";
import type { InferEngine } from "./engine.js";
import { llamafactory } from "./llamafactory.js";
import { own, vllm } from "./model-server.js";
import { server } from "./server.js";

/** Every way to have prompts answered by a model: one line each. */
export const inferEngines: readonly InferEngine[] = [llamafactory, endpoint, server, own, vllm];
