import { endpoint } from "./endpoint.js";
import type { InferEngine } from "./engine.js";
import { llamafactory } from "./llamafactory.js";
import { server } from "./server.js";

/** Every way to have prompts answered by a model: one line each. */
export const inferEngines: readonly InferEngine[] = [llamafactory, endpoint, server];
