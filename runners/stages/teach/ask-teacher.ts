import type { Json } from "../../../src/base/json.js";
import type { Result } from "../../../src/base/result.js";
import { answerKey } from "../../base/models/identity.js";
import type { Without } from "../../base/chat/answer.js";
import type { AskOptions } from "../../base/chat/ask.js";
import { askAll } from "../../base/chat/ask.js";
import type { Unreadable } from "../../base/prompts/index.js";

/** What became of a prompt in the end. */
export type Taught<T> =
  | { readonly status: "read"; readonly value: T; readonly answer: string }
  | { readonly status: "unreadable"; readonly reason: Unreadable; readonly answer: string }
  | { readonly status: "refused"; readonly without: Without };

/** How the teacher is asked. */
export interface TeacherAsking extends AskOptions {
  /** All that decides an answer beside the prompt: model, temperature, ... */
  readonly identity: Json;
  /** Tries at an answer that can be read, the first included. */
  readonly readableTries: number;
  /**
   * Hears, for all prompts, why they have no text, null where they have one. Throws where the stage
   * should not go on, see coverage.ts.
   */
  readonly judge: (outcomes: readonly (Without | null)[]) => void;
}

/**
 * Asks the teacher every prompt; answers that can't be read are kept and asked again, up to
 * `readableTries` times in all.
 *
 * @param parse reads an answer to the prompt at a place in `prompts`
 */
export async function askTeacher<T>(
  prompts: readonly string[],
  parse: (answer: string, place: number) => Result<T, Unreadable>,
  asking: TeacherAsking,
): Promise<Taught<T>[]> {
  const outcomes = new Array<Taught<T>>(prompts.length);
  let open = prompts.map((_, index) => index);
  for (let attempt = 1; attempt <= asking.readableTries && open.length > 0; attempt++) {
    const already = prompts.length - open.length;
    const answers = await askAll(
      open.map((index) => ({
        key: answerKey({ asked: asking.identity, prompt: prompts[index]!, attempt }),
        prompt: prompts[index]!,
      })),
      {
        ...asking,
        onAnswer: (done) => asking.onAnswer?.(already + done, prompts.length),
      },
    );
    open.forEach((index, place) => {
      const answer = answers[place]!;
      if (!("kept" in answer)) {
        outcomes[index] = { status: "refused", without: answer };
        return;
      }
      const { text } = answer.kept;
      const read = parse(text, index);
      outcomes[index] = read.ok
        ? { status: "read", value: read.value, answer: text }
        : { status: "unreadable", reason: read.error, answer: text };
    });
    open = open.filter((index) => outcomes[index]!.status === "unreadable");
  }
  asking.judge(outcomes.map((each) => (each.status === "refused" ? each.without : null)));
  return outcomes;
}
