import type { JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";

const file = (description: string): JsonObject => ({
  description,
  type: ["string", "null"],
  minLength: 1,
  default: null,
});

/** `knowledge.file`. */
export const ownFilesFragment: JsonSchema = {
  description:
    "Variant file: text or vectors of your own. JSON Lines {id, text} or {id, vector}, where id is the data set's own; .npy or .safetensors vectors, rows in the order of the data set's users and items, or of an ids file.",
  type: "object",
  additionalProperties: false,
  properties: {
    users: file("Text or vectors of users; null: none."),
    items: file("Text or vectors of items; null: none."),
    user_ids: file(
      "The ids that the rows of users' vectors belong to, one a line; null: row r is user r + 1 of the prepared data set (with one row more, row r is user r).",
    ),
    item_ids: file("The same for items."),
  },
  default: {},
};
