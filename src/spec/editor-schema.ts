import { isJsonObject, type Json, type JsonObject } from "../base/json.js";
import type { JsonSchema, Science } from "../contract/science.js";
import { assembleSchema } from "./schema.js";

/** What the schema of a science for editors is made from. */
export type EditorScience = Pick<
  Science,
  "fragments" | "cellsPerCard" | "environments" | "moduleBlocks"
>;

/**
 * The schema that editors use. It does not see a spec's modules, so it takes every mapping where a module may
 * bring a block of its own, and every axis into one; reading a spec checks them. It has no title: editors
 * would show it above each setting.
 */
export const editorSchema = (science: EditorScience): JsonSchema =>
  withWholeHovers(openSchema(science)) as JsonSchema;

/**
 * Of a setting that takes several forms, an editor shows what is said of the form that is there (`A file.`) and
 * leaves out what is said of the setting. Here each form says both, in the words that editors prefer.
 */
function withWholeHovers(part: Json): Json {
  if (Array.isArray(part)) return (part as readonly Json[]).map(withWholeHovers);
  if (!isJsonObject(part)) return part;
  const whole: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(part)) whole[key] = withWholeHovers(value);
  const { description: setting } = part;
  for (const forms of [whole["anyOf"], whole["oneOf"]]) {
    if (!Array.isArray(forms) || typeof setting !== "string") continue;
    for (const form of forms as { [key: string]: Json }[]) {
      const { description } = form;
      if (typeof description !== "string") continue;
      form["markdownDescription"] = `${markdown(setting)}\n\n${markdown(description)}`;
    }
  }
  return whole;
}

/** A description as Markdown: what stands in backquotes is code, and no other sign means anything. */
const markdown = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(/[\\*_[\]<>#~|]/g, "\\$&")))
    .join("");

function openSchema(science: EditorScience): JsonSchema {
  const root = Object.fromEntries(
    Object.entries(assembleSchema(science).root).filter(([key]) => key !== "title"),
  );
  const blocks = science.moduleBlocks;
  if (blocks === undefined) return root;
  const { under, description } = blocks;
  const properties = root["properties"] as { readonly [key: string]: JsonSchema };
  const block = properties[under]!;
  const known = Object.keys(block["properties"] as JsonObject);
  // A dotted path into a block of another name than those that are there.
  const pattern = `^${under}\\.(?!(?:${known.join("|")})\\.)[^.]+\\.[^.]`;
  const withAxes = (def: JsonSchema, value: JsonSchema): JsonSchema => ({
    ...def,
    patternProperties: {
      ...(isJsonObject(def["patternProperties"]) ? def["patternProperties"] : {}),
      [pattern]: { description, ...value },
    },
  });
  const defs = root["$defs"] as { readonly [name: string]: JsonSchema };
  return {
    ...root,
    properties: {
      ...properties,
      [under]: { ...block, additionalProperties: { description, type: "object" } },
    },
    $defs: {
      ...defs,
      axes: withAxes(defs["axes"]!, { type: "array", minItems: 1 }),
      point: withAxes(defs["point"]!, {}),
      space: withAxes(defs["space"]!, { type: "object" }),
    },
  };
}
