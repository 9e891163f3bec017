/** The words that differ between kinds of item. The keys are names that templates may use. */
export interface Words {
  readonly thing: string;
  readonly things: string;
  readonly tag: string;
  readonly entry: string;
  readonly item_aspects: string;
  readonly taste_aspects: string;
  /** What a user did with an item, as a past form: `read`, `played`. Left out: rated. */
  readonly read?: string;
  /** The words that free text begins with if answers are guided. */
  readonly user_lead?: string;
  readonly item_lead?: string;
  readonly reflection_lead?: string;
}

/** What an item is: the name of an entry of prompts/words.yaml, or the words themselves. */
export type Domain = string | Words;
