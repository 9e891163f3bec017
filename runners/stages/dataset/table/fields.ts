import type { Finding } from "../../../../src/base/diagnostic.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { JsonSchema } from "../../../../src/contract/science.js";
import { VALUE_GAP, type FieldInfo, type FieldOf } from "../../../base/artifacts/raw-fields.js";
import { mistake } from "../../../base/stage/mistake.js";
import { Column } from "../column.js";
import { IdTable } from "../ids.js";
import { LIST_GAP } from "./row.js";
import type { FieldSetting, TableSettings } from "./settings.js";

/** One of `fields`, complete: a column and how it becomes a field. */
export interface FieldColumn extends JsonObject {
  readonly column: string;
  readonly name: string;
  /** What stands between values; null: one value, or a list. */
  readonly separator: string | null;
  readonly most: number;
  /** Null: not a number in buckets. */
  readonly buckets: number | null;
  readonly standardise: boolean;
}

/** Values of one row that are kept, without a setting. */
const MOST = 16;

const text = (description: string): JsonSchema => ({ description, type: "string", minLength: 1 });

/** The schema of `fields`. */
export const fieldsFragment = (whose: string): JsonSchema => ({
  description: `table: columns that become fields ${whose}: every backbone takes them.`,
  type: "array",
  minItems: 1,
  items: {
    description: "A column of categories, or a block that says what it holds.",
    anyOf: [
      text("A column of categories: one value in each row, or a list of them."),
      {
        type: "object",
        description: "A column, and how it becomes a field.",
        additionalProperties: false,
        required: ["column"],
        properties: {
          column: text("The column."),
          name: text("What backbones call the field; without it the column's name."),
          separator: text("Several categories: what stands between two, such as |."),
          most: {
            description: `Several categories: the most of one row, ${MOST} if not given; further ones are left out.`,
            type: "integer",
            minimum: 1,
            maximum: 256,
          },
          buckets: {
            description:
              "A number: the most buckets, between quantiles of the training rows, of which each is a category.",
            type: "integer",
            minimum: 2,
            maximum: 1000,
          },
          standardise: {
            description:
              "true: a number, as (x - mean) / deviation of the training rows times a vector.",
            type: "boolean",
          },
        },
      },
    ],
  },
});

/** Fields in the long form. */
export const fieldColumns = (fields: readonly FieldSetting[] | undefined): FieldColumn[] =>
  (fields ?? []).map((field) => {
    const given = typeof field === "string" ? { column: field } : field;
    return {
      column: given.column,
      name: given.name ?? given.column,
      separator: given.separator ?? null,
      most: given.most ?? MOST,
      buckets: given.buckets ?? null,
      standardise: given.standardise === true,
    };
  });

/** Mistakes in fields: two of one name, two kinds at once. */
export function checkFields({ users, items, interactions }: TableSettings): readonly Finding[] {
  const blocks = { users, items, interactions };
  const seen = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [block, settings] of Object.entries(blocks)) {
    fieldColumns(settings?.fields).forEach((field, place) => {
      const at = `dataset.${block}.fields[${place}]`;
      const before = seen.get(field.name);
      if (before !== undefined)
        findings.push(
          mistake(
            at,
            `a field of ${before} is called ${field.name} too; give one of them a \`name\``,
          ),
        );
      seen.set(field.name, block);
      const kinds = [
        ...(field.separator === null ? [] : ["separator"]),
        ...(field.buckets === null ? [] : ["buckets"]),
        ...(field.standardise ? ["standardise"] : []),
      ];
      if (kinds.length > 1)
        findings.push(
          mistake(at, `${field.name} has ${kinds.join(" and ")}: it can be of one kind only`),
        );
    });
  }
  return findings;
}

/** What a field is, of which nothing has been read yet. */
export function fieldInfo(of: FieldOf, field: FieldColumn): FieldInfo {
  const { name, separator, most, buckets, standardise } = field;
  if (buckets !== null) return { name, of, kind: "buckets", most: buckets };
  if (standardise) return { name, of, kind: "number" };
  return separator === null
    ? { name, of, kind: "category", most }
    : { name, of, kind: "categories", most };
}

const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/;

/**
 * The text of a value as {@link RawField} has it; `wrong` says what is wrong with it.
 *
 * @param raw as in the file, a list with {@link LIST_GAP} between its values
 */
export function fieldText(
  field: FieldColumn,
  raw: string,
): { readonly text: string } | { readonly wrong: string } {
  const parts = raw.includes(LIST_GAP)
    ? raw.split(LIST_GAP)
    : field.separator === null
      ? [raw]
      : raw.split(field.separator);
  const cleaned = parts
    .map((part) => part.replace(/\s+/gu, " ").trim())
    .filter((part) => part !== "");
  const values = [...new Set(cleaned)];
  const numeric = field.buckets !== null || field.standardise;
  if (!numeric) return { text: values.join(VALUE_GAP) };
  const [value = "", ...more] = values;
  if (more.length > 0 || (value !== "" && !NUMBER.test(value)))
    return { wrong: `the ${field.column} ${JSON.stringify(raw)} is no number` };
  return { text: value };
}

/** A column of texts, each numbered: what is read of the field of an interaction. */
export class TextColumn {
  readonly #raw = new IdTable();
  readonly #column = new Column((length) => new Int32Array(length));
  readonly #texts: string[] = [];
  readonly #wrong: (string | undefined)[] = [];

  constructor(private readonly field: FieldColumn) {}

  /** The number of the text in `bytes[start, end)`; a text says what is wrong with it. */
  number(bytes: Buffer, start: number, end: number): number | string {
    const before = this.#raw.size;
    const number = this.#raw.intern(bytes, start, end);
    if (number === before) {
      const value = fieldText(this.field, this.#raw.text(number));
      this.#texts.push("text" in value ? value.text : "");
      this.#wrong.push("wrong" in value ? value.wrong : undefined);
    }
    return this.#wrong[number] ?? number;
  }

  push(number: number): void {
    this.#column.push(number);
  }

  /** The texts, and the number of each row's. */
  take(): { readonly texts: readonly string[]; readonly value: Int32Array } {
    return { texts: this.#texts, value: this.#column.take() };
  }
}
