import type { Said } from "../../base/chat/answer.js";
import type { TextStep } from "../../base/artifacts/texts.js";
import { parseJudgement } from "../../base/prompts/index.js";

/** A text that could not be judged stays as it is: nothing says that it is wrong. */
export function judgement(said: Said, iteration: number): Extract<TextStep, { step: "reflect" }> {
  const read = said.text === null ? null : parseJudgement(said.text);
  if (read?.ok === true) {
    const verdict = read.value.reasonable ? "reasonable" : "not reasonable";
    return { step: "reflect", iteration, verdict, reflection: read.value.reflection };
  }
  const reason = read === null ? "no answer" : read.error;
  const reflection = said.text ?? "";
  return { step: "reflect", iteration, verdict: "unreadable", reflection, reason };
}
