import { isCancel, select, text } from "@clack/prompts";
import type { Answers, Question } from "../contract/starter.js";

/**
 * Asks questions on the terminal, one after the other: on stderr, so that stdout holds results alone.
 * Null where one of them was not answered (Ctrl-C, Escape).
 */
export async function ask(questions: readonly Question[]): Promise<Answers | null> {
  const answers: { [key: string]: string } = {};
  for (const question of questions) {
    if (!(question.asked?.(answers) ?? true)) continue;
    const answer = await askOne(question, answers);
    if (answer === null) return null;
    answers[question.key] = question.keep?.(answer) ?? answer.trim();
  }
  return answers;
}

async function askOne(question: Question, answers: Answers): Promise<string | null> {
  const message = question.ask(answers);
  const usual = question.usual(answers);
  const choices = question.choices?.(answers) ?? [];
  const answer =
    choices.length > 0
      ? await select({
          message,
          options: choices.map((one) => ({ ...one })),
          initialValue: usual,
          output: process.stderr,
        })
      : await text({
          message,
          ...(usual === "" ? {} : { placeholder: usual, defaultValue: usual }),
          validate: (given) => {
            const wrong = question.refuse?.(given || usual, answers) ?? null;
            return wrong ?? undefined;
          },
          output: process.stderr,
        });
  return isCancel(answer) ? null : answer;
}
