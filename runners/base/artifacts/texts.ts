/** What happened to a text, oldest first. It stands in every line of a text artifact. */
export type TextStep =
  | {
      readonly step: "think";
      readonly text: string;
    }
  | {
      readonly step: "reflect";
      /** From 1. */
      readonly iteration: number;
      readonly verdict: "reasonable" | "not reasonable" | "unreadable";
      /** What the reflector found wrong; for an unreadable answer, that answer. */
      readonly reflection: string;
      /** Why the answer could not be read. */
      readonly reason?: string;
    }
  | {
      readonly step: "refine";
      readonly iteration: number;
      readonly text: string;
    };

/** A line of the text artifacts of think, reflect and refine. */
export interface KnowledgeLine {
  readonly index: number;
  readonly text: string;
  /** Of the newest reflect step, where that has not been followed by refine. */
  readonly verdict?: "reasonable" | "not reasonable" | "unreadable";
  readonly reflection?: string;
  readonly history: readonly TextStep[];
}

/** The number of the next iteration: one more than the text has been reflected on. */
export const nextIteration = (line: KnowledgeLine): number =>
  line.history.filter(({ step }) => step === "reflect").length + 1;
