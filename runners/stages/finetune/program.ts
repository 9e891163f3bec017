import { programOf } from "../../base/stage/program.js";
import { ownSamples } from "./own-samples.js";
import { finetune } from "./train-adapter.js";

/** The programs of the runners by name. */
export const programs = {
  finetune: programOf(finetune),
  samples: programOf(ownSamples),
} as const;
