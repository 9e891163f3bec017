import type { JsonSchema } from "../../../../src/contract/science.js";
import { fieldsFragment } from "./fields.js";
import { wordsFragment } from "./words.js";

const text = (description: string): JsonSchema => ({ description, type: "string", minLength: 1 });
const column = (what: string): JsonSchema => text(`The column of ${what}.`);

/** How a file is written. */
const written = {
  format: {
    description:
      "How the file is written. Without it the name shows it: .csv, .tsv, .jsonl, .parquet, RecBole's .inter, .item and .user, each also with .gz or .zst.",
    type: "string",
    enum: ["csv", "tsv", "jsonl", "parquet", "recbole"],
  },
  delimiter: text("What stands between two fields, such as ; or ::."),
  quote: {
    description:
      'The sign around fields that hold delimiters or line ends; null: quotes are text. The default is " for csv and tsv, and null for RecBole and delimiters of several signs.',
    type: ["string", "null"],
    minLength: 1,
    maxLength: 1,
    pattern: "^[!-~]$",
  },
  encoding: {
    // No default here: it would make a block `items` where the spec has none.
    description: "The encoding of a text file; without it utf-8.",
    type: "string",
    enum: ["utf-8", "latin-1"],
  },
  header: {
    description: "The names of the columns of a file without a header, in order.",
    type: "array",
    minItems: 1,
    items: text("The name of a column."),
  },
} as const satisfies { readonly [setting: string]: JsonSchema };

const source = {
  file: text("The file, or a pattern with * and ? for several of one form; relative to the spec."),
  ...written,
  sql: text("A query in DuckDB's SQL over the tables of `from`, in the place of `file`."),
  from: {
    description: "The tables of `sql`: a file each, by the name that the query uses.",
    type: "object",
    minProperties: 1,
    additionalProperties: {
      description: "A file, or a block that says how it is written.",
      anyOf: [
        text("Short for {file}."),
        {
          type: "object",
          description: "A file and how it is written.",
          additionalProperties: false,
          required: ["file"],
          properties: { file: text("The file, or a pattern; relative to the spec."), ...written },
        },
      ],
    },
  },
} as const satisfies { readonly [setting: string]: JsonSchema };

/** The settings that only a table has. */
export const tableProperties: { readonly [setting: string]: JsonSchema } = {
  name: {
    description:
      "table: the name of the data set. Folds of a split by users depend on it. The default is table.",
    type: "string",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    maxLength: 100,
  },
  interactions: {
    description: "table: who rated what, when: one row for each interaction.",
    type: "object",
    additionalProperties: false,
    properties: {
      ...source,
      user: column("users' ids"),
      item: column("items' ids"),
      rating: column("ratings: numbers of any scale, at most 255 different ones"),
      time: text(
        "The column of times: seconds, milliseconds or microseconds since 1970, told apart by their size, or ISO dates. Without it the rows are in order of time.",
      ),
      time_unit: {
        description: "The unit of times that are numbers, where their size would mislead.",
        type: "string",
        enum: ["seconds", "milliseconds", "microseconds"],
      },
      time_format: text(
        "The form of times that are no ISO dates, as strptime has it: %a %b %d %H:%M:%S %z %Y.",
      ),
      fields: fieldsFragment("of the interaction's context"),
    },
  },
  items: {
    description: "table: titles and attributes of items: one row for each item.",
    type: "object",
    additionalProperties: false,
    properties: {
      ...source,
      item: column("items' ids"),
      title: text("The column of titles. Without it titles are unknown."),
      attributes: {
        description: "Columns that become attributes of items: CTR models see them, and texts.",
        type: "array",
        items: {
          description: "A column, or a column with what stands between its values.",
          anyOf: [
            text("A column with one value in each row."),
            {
              type: "object",
              description: "A column with several values; the first is the attribute.",
              additionalProperties: false,
              required: ["column", "separator"],
              properties: {
                column: text("The column."),
                separator: text("What stands between two values, such as |."),
              },
            },
          ],
        },
      },
      fields: fieldsFragment("of items, of the target and of each item of a history"),
    },
  },
  users: {
    description: "table: fields of users: one row for each user.",
    type: "object",
    additionalProperties: false,
    properties: { ...source, user: column("users' ids"), fields: fieldsFragment("of users") },
  },
  words: wordsFragment,
};
