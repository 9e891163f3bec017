import type { JsonObject } from "../base/json.js";
import type { JsonSchema, Science } from "../contract/science.js";
import { aboutTheSweep, engineFragments, sweepFragment } from "./engine-fragments.js";
import { follow, type Setting, settingsOfSchema } from "./settings.js";

/** The schema of a spec and what is derived from it. */
export interface SpecSchema {
  /** Draft 2020-12; what stands in schemas/experiment.schema.json. */
  readonly root: JsonSchema;
  /** Every setting and block that an axis can vary, by dotted path. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** Short and foreign names of settings, with the dotted path that is meant. */
  readonly shortNames: { readonly [name: string]: string };
  /** Top-level keys that make up a cell (`seed` and the science's), in the order of the schema. */
  readonly cellKeys: readonly string[];
}

/**
 * Assembles the schema from the engine's fragments and the science's. Axes are listed one by one,
 * so that an editor completes and checks dotted paths as well.
 */
export function assembleSchema(
  science: Pick<Science, "fragments" | "cellsPerCard" | "environments" | "shortNames">,
): SpecSchema {
  const { name, description, extends: bases, ...others } = engineFragments;
  const { select, compare, tracking, ...more } = others;
  const { resources: machines, executor, slurm, ...rest } = more;
  const { failure, retries, time_limit, ...placed } = rest;
  const resources = withCellsPerCard(machines!, science.cellsPerCard);
  const defs: { [name: string]: JsonSchema } = {};
  const fragments: { [key: string]: JsonSchema } = {};
  for (const [key, fragment] of Object.entries(science.fragments)) {
    const { $defs, ...rest } = fragment as JsonObject & { $defs?: { [name: string]: JsonSchema } };
    Object.assign(defs, $defs);
    fragments[key] = rest;
  }
  const properties = {
    name,
    description,
    extends: bases,
    ...fragments,
    ...placed,
    sweep: sweepFragment,
  } as {
    [key: string]: JsonSchema;
  };
  const failures = { failure, retries, time_limit };
  const environments = environmentsSchema(science.environments);
  Object.assign(properties, { select, compare, resources, executor, slurm });
  Object.assign(properties, { environments, ...failures, tracking });
  const bare: JsonSchema = { type: "object", properties, $defs: defs };
  const varying = Object.keys(properties).filter((key) => !aboutTheSweep.has(key));
  const settings = settingsOfSchema(bare, varying);
  return {
    root: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Experiment",
      description:
        "One r4ec experiment: base settings, a sweep over them, and how to compare the results.",
      type: "object",
      additionalProperties: false,
      required: ["name"],
      properties,
      patternProperties: {
        "^x-": {
          description:
            "r4ec does not read this: it is a place for YAML anchors that the rest of the spec uses.",
        },
      },
      $defs: { ...defs, ...axisDefinitions(settings, bare) },
    },
    settings,
    shortNames: science.shortNames ?? {},
    cellKeys: varying.filter((key) => key !== "gpu"),
  };
}

/** The Python environments that may be there already, by the part of the toolchain. */
const environmentsSchema = (parts: Science["environments"]): JsonSchema => ({
  description:
    "Python environments that are there already, to be used as they are instead of r4ec's own: the folder that holds bin/python, for each part. Relative to this file. R4EC_<PART>_ENVIRONMENT stands over it.",
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(
    [{ part: "tracking", contents: "MLflow" }, ...parts].map(({ part, contents }) => [
      part,
      { description: `Folder of an environment with ${contents}.`, type: "string", minLength: 1 },
    ]),
  ),
});

/** `resources` with the setting of the science's own in it, behind the cards. */
function withCellsPerCard(
  resources: JsonSchema,
  { setting, schema }: Science["cellsPerCard"],
): JsonSchema {
  const { gpus, ...others } = resources["properties"] as { readonly [key: string]: JsonSchema };
  return { ...resources, properties: { gpus: gpus!, [setting]: schema, ...others } };
}

/** `axes`: lists of values by path; `point`: one value by path; `space`: ranges by path. */
function axisDefinitions(
  settings: ReadonlyMap<string, Setting>,
  root: JsonSchema,
): { [name: string]: JsonSchema } {
  const axes: { [path: string]: JsonSchema } = {};
  const points: { [path: string]: JsonSchema } = {};
  const openAxes: { [pattern: string]: JsonSchema } = {};
  const openPoints: { [pattern: string]: JsonSchema } = {};
  const spaces: { [path: string]: JsonSchema } = {};
  const openSpaces: { [pattern: string]: JsonSchema } = {};
  for (const [path, { description, pointers, open }] of settings) {
    const refs = pointers.map((pointer) => ({ $ref: pointer }));
    const value: JsonSchema = refs.length === 1 ? refs[0]! : { anyOf: refs };
    axes[path] = { description, type: "array", minItems: 1, items: value };
    points[path] = { description, ...value };
    const isWhole = refs.every((ref) => follow(ref, root)["type"] === "integer");
    spaces[path] = spaceOf(description, value, isWhole);
    if (open) {
      const pattern = `^${path.replaceAll(".", "\\.")}\\.[^.]`;
      openAxes[pattern] = { description, type: "array", minItems: 1 };
      openPoints[pattern] = { description };
      openSpaces[pattern] = spaceOf(description, {});
    }
  }
  const of = (description: string, closed: JsonObject, open: JsonObject): JsonSchema => ({
    description,
    type: "object",
    additionalProperties: false,
    properties: closed,
    ...(Object.keys(open).length > 0 && { patternProperties: open }),
  });
  return {
    axes: of("Lists of values, each under the dotted path of its setting.", axes, openAxes),
    point: of("Values, each under the dotted path of its setting.", points, openPoints),
    space: of(
      "Ranges that values are drawn from, each under the dotted path of its setting.",
      spaces,
      openSpaces,
    ),
    ...ranges,
  };
}

const fractions: { readonly [name: string]: JsonSchema } = {
  uniform: {
    description: "Numbers between two ends, all equally likely.",
    $ref: "#/$defs/range",
  },
  log: {
    description: "Numbers between two ends above 0, all magnitudes equally likely.",
    $ref: "#/$defs/positiveRange",
  },
};

/** What the values of one setting are drawn from: one of four forms, of whole numbers one of two. */
const spaceOf = (description: string, value: JsonSchema, isWhole = false): JsonSchema => ({
  description,
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    ...(!isWhole && fractions),
    integer: {
      description: "Whole numbers between two ends, both included, all equally likely.",
      $ref: "#/$defs/wholeRange",
    },
    choice: {
      description: "One of these values, all equally likely.",
      type: "array",
      minItems: 1,
      items: value,
    },
  },
});

const rangeOf = (item: JsonSchema): JsonSchema => ({
  type: "array",
  minItems: 2,
  maxItems: 2,
  items: { description: "An end of the range.", ...item },
});
const ranges: { [name: string]: JsonSchema } = {
  range: rangeOf({ type: "number" }),
  positiveRange: rangeOf({ type: "number", exclusiveMinimum: 0 }),
  wholeRange: rangeOf({ type: "integer" }),
};

/** Paths (in the schema) of properties that have no description; they all must have one. */
export function undescribed(root: JsonSchema): readonly string[] {
  const missing: string[] = [];
  const visit = (schema: unknown, at: string): void => {
    if (Array.isArray(schema)) schema.forEach((one, index) => visit(one, `${at}/${index}`));
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
    for (const [keyword, value] of Object.entries(schema as JsonObject)) {
      if (keyword === "properties" || keyword === "patternProperties") {
        for (const [key, inner] of Object.entries(value as { [key: string]: JsonObject })) {
          if (typeof inner["description"] !== "string") missing.push(`${at}/${keyword}/${key}`);
          visit(inner, `${at}/${keyword}/${key}`);
        }
      } else if (!["default", "enum", "const", "examples"].includes(keyword)) {
        visit(value, `${at}/${keyword}`);
      }
    }
  };
  visit(root, "#");
  return missing;
}
