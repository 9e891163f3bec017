import { mistakesOfSpec } from "./mistakes.js";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { editorSchema, type EditorScience } from "./editor-schema.js";
import { referencePage } from "./reference.js";
import { assembleSchema, undescribed } from "./schema.js";
import { Validator } from "./validator.js";

/** Files that are made from the fragments, by path from the project's root. */
export const generatedFiles = {
  schema: "schemas/experiment.schema.json",
  reference: "docs/spec-reference.md",
} as const;

/** The content of every generated file. Throws where a fragment breaks the rules of fragments. */
export function generate(science: EditorScience): ReadonlyMap<string, string> {
  const schema = assembleSchema(science);
  const missing = undescribed(schema.root);
  if (missing.length > 0) throw new Error(`no description at ${missing.join(", ")}`);
  // Compiles every part in strict mode, which throws on keywords that have no effect.
  const validator = new Validator(schema);
  mistakesOfSpec(validator, {});
  for (const { pointers } of schema.settings.values()) {
    for (const pointer of pointers) validator.errors(pointer, null);
  }
  return new Map([
    [generatedFiles.schema, `${JSON.stringify(editorSchema(science), null, 2)}\n`],
    [generatedFiles.reference, referencePage(schema)],
  ]);
}

/** Generated files under `root` that don't stand as the fragments make them now. */
export async function staleFiles(root: string, science: EditorScience): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [file, content] of generate(science)) {
    const found = await readFile(join(root, file), "utf8").catch(() => null);
    if (found !== content) stale.push(file);
  }
  return stale;
}
