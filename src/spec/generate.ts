import { mistakesOfSpec } from "./mistakes.js";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../base/json.js";
import type { JsonSchema, Science } from "../contract/science.js";
import { omit } from "./dotted.js";
import { referencePage } from "./reference.js";
import { assembleSchema, undescribed } from "./schema.js";
import { Validator } from "./validator.js";

/** Files that are made from the fragments, by path from the project's root. */
export const generatedFiles = {
  schema: "schemas/experiment.schema.json",
  types: "src/spec/experiment.generated.ts",
  reference: "docs/spec-reference.md",
} as const;

/** The content of every generated file. Throws where a fragment breaks the rules of fragments. */
export async function generate(
  science: Pick<Science, "fragments" | "cellsPerCard">,
): Promise<ReadonlyMap<string, string>> {
  const schema = assembleSchema(science);
  const missing = undescribed(schema.root);
  if (missing.length > 0) throw new Error(`no description at ${missing.join(", ")}`);
  // Compiles every part in strict mode, which throws on keywords that have no effect.
  const validator = new Validator(schema);
  mistakesOfSpec(validator, {});
  for (const { pointers } of schema.settings.values()) {
    for (const pointer of pointers) validator.fits(pointer, null);
  }
  return new Map([
    [generatedFiles.schema, `${JSON.stringify(schema.root, null, 2)}\n`],
    [generatedFiles.types, await typesOf(schema.root)],
    [generatedFiles.reference, referencePage(schema)],
  ]);
}

/** Generated files under `root` that don't stand as the fragments make them now. */
export async function staleFiles(
  root: string,
  science: Pick<Science, "fragments" | "cellsPerCard">,
): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [file, content] of await generate(science)) {
    const found = await readFile(join(root, file), "utf8").catch(() => null);
    if (found !== content) stale.push(file);
  }
  return stale;
}

async function typesOf(root: JsonSchema): Promise<string> {
  const { compile } = await import("json-schema-to-typescript");
  // One property per dotted path says nothing to a reader of types; the schema keeps them.
  const { axes, point, ...others } = root["$defs"] as { readonly [name: string]: JsonObject };
  const short = (def: JsonObject | undefined, values: JsonSchema): JsonSchema => ({
    description: def?.["description"] ?? "",
    type: "object",
    additionalProperties: values,
  });
  const $defs = { ...others, axes: short(axes, { type: "array" }), point: short(point, {}) };
  // Keys that are not read (x-...) have no type; beside the others they would need an index.
  return compile({ ...omit(root, "patternProperties"), $defs } as object, "ExperimentSpec", {
    bannerComment: "// Made from the schema by `npm run schema`; changes here are overwritten.",
    additionalProperties: false,
    unknownAny: true,
    // Lists of at least one item as plain lists.
    ignoreMinAndMaxItems: true,
    customName: (schema, key) => (schema.title === "Experiment" ? "ExperimentSpec" : key),
    style: { printWidth: 100 },
  });
}
