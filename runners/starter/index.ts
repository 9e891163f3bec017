import type { Starter } from "../../src/contract/starter.js";
import { controlQuestions } from "./control-questions.js";
import { dataQuestions } from "./data-questions.js";
import { starterSpec } from "./spec.js";
import { studyQuestions } from "./study-questions.js";

/** What `r4ec init` asks, in this order: the data, what is compared, the controls and the seeds. */
export const starter: Starter = {
  questions: (place, cwd) => [
    ...dataQuestions({ place, cwd }),
    ...studyQuestions({ place, cwd }),
    ...controlQuestions,
  ],
  write: starterSpec,
};
