import type { TextStep } from "../../base/artifacts/texts.js";
import { parseJudgement } from "../../base/prompts/index.js";

/** A text that could not be judged stays as it is: nothing says that it is wrong. */
export function judgement(
  answer: string | null,
  iteration: number,
): Extract<TextStep, { step: "reflect" }> {
  const read = answer === null ? null : parseJudgement(answer);
  if (read?.ok === true) {
    const verdict = read.value.reasonable ? "reasonable" : "not reasonable";
    return { step: "reflect", iteration, verdict, reflection: read.value.reflection };
  }
  const reason = read === null ? "no answer" : read.error;
  return { step: "reflect", iteration, verdict: "unreadable", reflection: answer ?? "", reason };
}
