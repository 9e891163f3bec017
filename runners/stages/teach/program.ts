import { programOf } from "../../base/stage/program.js";
import { review } from "./review.js";
import { think } from "./think.js";

/** The programs of the runners by name. */
export const programs = {
  "teach-think": programOf(think),
  "teach-review": programOf(review),
} as const;
