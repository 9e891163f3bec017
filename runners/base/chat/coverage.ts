import type { StageTask } from "../../../src/contract/runner.js";
import type { NoText, Without } from "./answer.js";
import { EndpointError, shortened } from "./endpoint-error.js";

/** Reasons for no text that are a refusal: the endpoint or the model would not. */
const REFUSALS: ReadonlySet<NoText> = new Set(["refused", "filtered", "declined", "error"]);

/** How many prompts got no text, by reason, the most frequent first. */
export type Reasons = ReadonlyMap<NoText, number>;

/** Counts the prompts without a text by reason. */
export function reasonsOf(outcomes: readonly (Without | null)[]): Reasons {
  const counts = new Map<NoText, number>();
  for (const without of outcomes) {
    if (without !== null) counts.set(without.why, (counts.get(without.why) ?? 0) + 1);
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

/** `3 refused, 1 empty` */
export const reasonsText = (reasons: Reasons): string =>
  [...reasons].map(([why, count]) => `${count} ${why}`).join(", ");

/** Reasons as metrics of a stage: `users.without.refused`. Those that did not occur are left out. */
export const reasonMetrics = (
  prefix: string,
  reasons: Reasons,
): { readonly [name: string]: number } =>
  Object.fromEntries([...reasons].map(([why, count]) => [`${prefix}.without.${why}`, count]));

/** How the answers to a stage's prompts are judged. */
export interface Judging {
  /** Who was asked, for messages: a model's name. Missing: the stage's label, before each message, tells it. */
  readonly who?: string;
  /**
   * So many prompts without a text end the stage, if they are too great a share. Above 1 where a
   * prompt without an answer loses nothing that was there before.
   */
  readonly least: number;
  /**
   * True where each prompt has a text from before, which stands where no new one comes. Then only
   * refusals end the stage.
   */
  readonly textStands?: boolean;
}

/**
 * Looks at what became of a stage's prompts. Throws an {@link EndpointError} in the endpoint's own
 * words where no prompt got a text, or where more than half were refused: going on would make a
 * result of nothing. Says in a warning how many have none.
 *
 * @param outcomes one for each prompt; null where it got a text
 */
export function judgeAnswers(
  task: Pick<StageTask, "emit">,
  outcomes: readonly (Without | null)[],
  { who, least, textStands = false }: Judging,
): Reasons {
  const reasons = reasonsOf(outcomes);
  const without = outcomes.filter((each) => each !== null);
  if (without.length === 0) return reasons;
  const said = without.find(({ words }) => words !== "");
  const asked = who === undefined ? "" : `${who}: `;
  const words = said === undefined ? "" : `; the first: ${shortened(said.words)}`;
  const refused = without.filter(({ why }) => REFUSALS.has(why)).length;
  const none = without.length === outcomes.length;
  if (without.length >= least && ((none && !textStands) || refused > outcomes.length / 2)) {
    const how = none ? "none" : `only ${outcomes.length - without.length}`;
    throw new EndpointError(
      `${asked}${how} of ${outcomes.length} prompts got a text ` +
        `(${reasonsText(reasons)})${words}${adviceOn(reasons)}`,
      "fatal",
    );
  }
  task.emit({
    type: "note",
    severity: "warning",
    message:
      `${asked}${without.length} of ${outcomes.length} prompts got no text ` +
      `(${reasonsText(reasons)})${words}`,
  });
  return reasons;
}

/** What to do about the most frequent reason, where that is known. */
function adviceOn(reasons: Reasons): string {
  const [first] = reasons.keys();
  if (first === "cut") return "; a longer answer may be allowed (max_new_tokens, max_tokens)";
  if (first === "reasoning") {
    return "; the model answers with its thoughts alone: allow a longer answer, or turn thinking off by extra (chat_template_kwargs: {enable_thinking: false})";
  }
  return "";
}
