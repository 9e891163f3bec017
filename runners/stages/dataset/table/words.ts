import type { JsonObject } from "../../../../src/base/json.js";
import type { JsonSchema } from "../../../../src/contract/science.js";
import type { Domain } from "../../../base/artifacts/domain.js";

/** `dataset.words`: what prompts call an item. */
export interface WordSettings extends JsonObject {
  readonly one?: string;
  readonly many?: string;
  readonly read?: string;
  readonly item_aspects?: string;
  readonly taste_aspects?: string;
}

const text = (description: string): JsonSchema => ({ description, type: "string", minLength: 1 });

/** The schema of `dataset.words`. */
export const wordsFragment: JsonSchema = {
  description:
    "table: what prompts call an item, in the place of an entry of prompts/words.yaml. Without it: item, items.",
  type: "object",
  additionalProperties: false,
  required: ["one", "many"],
  properties: {
    one: text("One item: comic, song."),
    many: text("Several items: comics, songs."),
    read: text(
      "What a user did with an item, in the past: read, heard, played. Prompts begin with it: from what one user read. The default is: rated.",
    ),
    item_aspects: text(
      "What a description of an item speaks of. The default is: its kind, its content and style, and how it was received.",
    ),
    taste_aspects: text(
      "What a description of a user speaks of. The default is: kind, content, style and quality.",
    ),
  },
};

/** The words that prompts are filled with; without any the entry `item` of prompts/words.yaml. */
export function wordsOf({ one, many, read, item_aspects, taste_aspects }: WordSettings): Domain {
  if (one === undefined || many === undefined) return "item";
  return {
    thing: one,
    things: many,
    tag: one.replace(/(^|\s)\S/gu, (letter) => letter.toUpperCase()),
    entry: '["title", rating]',
    item_aspects: item_aspects ?? "its kind, its content and style, and how it was received",
    taste_aspects: taste_aspects ?? "kind, content, style and quality",
    ...(read === undefined ? {} : { read }),
  };
}
