import type { Json } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { kindsOf } from "./forms.js";
import type { SpecSchema } from "./schema.js";
import { follow } from "./settings.js";

/** docs/spec-reference.md: every setting with its type, default and description. */
export function referencePage({ root }: SpecSchema): string {
  const properties = root["properties"] as { readonly [key: string]: JsonSchema };
  const sections = Object.entries(properties).map(([key, schema]) => {
    const rows = rowsOf(schema, key, root);
    return [
      `## ${key}`,
      "",
      "| setting | value | default | |",
      "|---|---|---|---|",
      // Forms of a block repeat what they share.
      ...new Set(rows),
      "",
    ].join("\n");
  });
  return [
    "# Settings of a spec",
    "",
    "Made from the schema by `npm run schema`. A setting's dotted path is what an axis of a sweep names.",
    "",
    ...sections,
  ].join("\n");
}

function rowsOf(schema: JsonSchema, path: string, root: JsonSchema): readonly string[] {
  const followed = follow(schema, root);
  const text = String(schema["description"] ?? followed["description"] ?? "");
  const given = schema["default"] ?? followed["default"];
  const fallback = given === undefined || isEmpty(given) ? "" : code(JSON.stringify(given));
  const row = `| ${code(path)} | ${cell(valueOf(followed, root))} | ${fallback} | ${cell(text)} |`;
  return [row, ...innerRows(followed, path, root)];
}

function innerRows(schema: JsonSchema, path: string, root: JsonSchema): readonly string[] {
  // Axes and points list every path again.
  if (path.startsWith("sweep.") || path === "compare.baseline") return [];
  const rows: string[] = [];
  for (const [key, inner] of Object.entries((schema["properties"] ?? {}) as Fragments)) {
    rows.push(...rowsOf(inner, `${path}.${key}`, root));
  }
  for (const form of (schema["anyOf"] ?? schema["oneOf"] ?? []) as readonly JsonSchema[]) {
    rows.push(...innerRows(follow(form, root), path, root));
  }
  return rows;
}

interface Fragments {
  readonly [key: string]: JsonSchema;
}

function valueOf(schema: JsonSchema, root: JsonSchema): string {
  const kinds = [...new Set(kindsOf(schema, root))];
  const range = rangeOf(schema);
  // A range is a number's.
  const numeric = kinds.findIndex((kind) => kind.endsWith("number"));
  if (numeric === -1) return `${kinds.join(", ")}${range}`;
  return kinds.map((kind, nth) => (nth === numeric ? `${kind}${range}` : kind)).join(", ");
}

function rangeOf(schema: JsonSchema): string {
  const limits = [
    ["minimum", "at least"],
    ["exclusiveMinimum", "more than"],
    ["maximum", "at most"],
    ["exclusiveMaximum", "less than"],
  ] as const;
  const words = limits.flatMap(([keyword, word]) =>
    schema[keyword] === undefined ? [] : [`${word} ${String(schema[keyword])}`],
  );
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

const isEmpty = (value: Json): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
