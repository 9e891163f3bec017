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
    "For variant file: your own texts or vectors. A file is JSON Lines with {id, text} or {id, vector}, where id is the id in the data set's files; or .npy or .safetensors vectors, whose rows are in the order of the data set's users or items, or of a file of ids.",
  type: "object",
  additionalProperties: false,
  properties: {
    users: file("The file of users' texts or vectors; null: none."),
    items: file("The file of items' texts or vectors; null: none."),
    user_ids: file(
      "A file with one user id in each line: line r is the id of row r of the users' vectors. Null: row r (from 0) is user r + 1 of the prepared data set; if the file has one more row than there are users, row r is user r.",
    ),
    item_ids: file("The same for items."),
  },
  default: {},
};
