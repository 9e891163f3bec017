import type { AdaptorShape } from "../model.js";
import type { Adaptor } from "./adaptor.js";
import { hea } from "./hea.js";
import { mlp } from "./mlp.js";
import { moe } from "./moe.js";

/** The adaptors, by their id. */
export const adaptors: Readonly<Record<AdaptorShape["type"], Adaptor>> = { hea, moe, mlp };
