import type { SpecPlace } from "./spec-place.js";

/** What was answered so far, by the keys of the questions. */
export type Answers = { readonly [key: string]: string };

/** One of the answers that a question offers. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  /** A few words about it, shown beside the label. */
  readonly hint?: string;
}

/** A question that `init` asks on a terminal. Every member gets the answers to the questions before it. */
export interface Question {
  readonly key: string;
  ask(answers: Answers): string;
  /** The answer that is offered first, and that `--yes` takes; "" where there is none. */
  usual(answers: Answers): string;
  /** The answers to choose from; left out or empty: any text is an answer. */
  choices?(answers: Answers): readonly Choice[];
  /** Whether it is asked at all. Left out: always. */
  asked?(answers: Answers): boolean;
  /** What is wrong with a text, as a message; null where nothing is. Left out: every text is right. */
  refuse?(answer: string, answers: Answers): string | null;
  /** What is kept of a text that is not refused. Left out: the text without blanks at its ends. */
  keep?(answer: string): string;
}

/** The spec that `init` writes. */
export interface Starter {
  /**
   * In the order in which they are asked.
   *
   * @param place where the spec will stand; its folder may not be there yet
   * @param cwd folder of the call: relative paths in answers start there
   */
  questions(place: SpecPlace, cwd: string): readonly Question[];
  /**
   * The text of the spec. It is valid for all answers that the questions do not refuse.
   *
   * @param schema address of the schema, for editors
   */
  write(answers: Answers, schema: string): string;
}

/** The answers of who takes what each question offers first. */
export function usualAnswers(questions: readonly Question[]): Answers {
  const answers: { [key: string]: string } = {};
  for (const { key, usual, asked } of questions) {
    if (asked?.(answers) ?? true) answers[key] = usual(answers);
  }
  return answers;
}
