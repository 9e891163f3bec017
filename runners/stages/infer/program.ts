import { programOf } from "../../base/stage/program.js";
import { reflect, refine } from "./review.js";
import { think } from "./think.js";

/** The programs of the runners by name. */
export const programs = {
  think: programOf(think),
  reflect: programOf(reflect),
  refine: programOf(refine),
} as const;
