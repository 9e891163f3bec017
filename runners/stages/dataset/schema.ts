import type { JsonObject } from "../../../src/base/json.js";
import type { JsonSchema } from "../../../src/contract/science.js";
import { labelFragment } from "./label.js";
import type { Source } from "./source.js";
import { modulePattern } from "./own-module/module.js";
import { ownModule } from "./own-module/own-module.js";
import { readable, sources } from "./sources.js";
import { splitFragment } from "./split.js";

/** Settings that every data set has. Their defaults are the data set's own. */
export const commonProperties = {
  like_above: {
    description: "A rating above it is positive.",
    type: "number",
    minimum: 0,
  },
  label: labelFragment,
  user_core: {
    description:
      "Users with fewer ratings than this are left out. This is repeated until every user and item has enough.",
    type: "integer",
    minimum: 1,
    maximum: 1_000_000,
  },
  item_core: {
    description:
      "Items with fewer ratings than this are left out. This is repeated until every user and item has enough.",
    type: "integer",
    minimum: 1,
    maximum: 1_000_000,
  },
  sizes: {
    description:
      "How much the data set holds: what plan --estimate reckons with before the data set is prepared. Results do not depend on it.",
    type: "object",
    additionalProperties: false,
    minProperties: 1,
    properties: Object.fromEntries(
      Object.entries({
        users: "Users.",
        items: "Items.",
        train: "Samples for training, validation among them.",
        test: "Samples for testing.",
      }).map(([name, description]) => [name, { description, type: "integer", minimum: 0 }]),
    ),
  },
  repeats: {
    description:
      "What is done with a rating of an item that the user rated before. keep: it stays, so the item is in its own history; such ratings are counted and the result is marked. first: only the user's first rating of an item stays.",
    type: "string",
    enum: ["keep", "first"],
    default: "keep",
  },
} as const satisfies { readonly [setting: string]: JsonSchema };

/** The settings of a block of one data set, by name: in the words of that data set where it reads them. */
const propertiesOf = (
  source: Source,
  all: readonly Source[],
): { readonly [setting: string]: JsonSchema } =>
  Object.assign(
    {},
    commonProperties,
    source.ratings === null
      ? {}
      : { like_above: { ...commonProperties.like_above, exclusiveMaximum: source.ratings } },
    ...all.map(({ properties }) => properties),
    source.properties,
  ) as { readonly [setting: string]: JsonSchema };

const ids = sources.map((source) => source.id);

/**
 * The block of one data set, with its defaults. It allows the settings of the other data sets too,
 * so that a sweep over data sets can hold the settings of each. `ignoredDataset` names those without
 * effect.
 */
export const formOf = (source: Source, all = readable): JsonSchema => ({
  type: "object",
  description: `${source.description}.`,
  additionalProperties: false,
  required: ["id"],
  properties: {
    id: { const: source.id, description: `${source.description}.` },
    ...Object.fromEntries(
      Object.entries({ ...propertiesOf(source, all), split: splitFragment }).map(
        ([name, property]) => {
          const own = source.defaults[name];
          return [name, own === undefined ? property : { ...property, default: own }];
        },
      ),
    ),
  },
});

const path: JsonSchema = {
  type: "string",
  pattern: modulePattern,
  description: "Path (from the spec's folder) of a module of your own: .js, .mjs or .ts.",
};

/** The block of any module of the user's own. */
function moduleForm(): JsonSchema {
  const { properties, ...form } = formOf(ownModule);
  return { ...form, properties: { ...(properties as JsonObject), id: path } };
}

/**
 * The forms of `dataset`.
 *
 * @param anyModule also of modules that nobody knows
 */
export const generalForms = (anyModule: boolean): readonly JsonSchema[] => [
  { type: "string", enum: ids, description: `Short for {id}: ${ids.join(", ")}.` },
  path,
  ...sources.map((source) => formOf(source)),
  ...(anyModule ? [moduleForm()] : []),
];

/** The schema of `dataset`: an id, the path of a module, or the whole block. */
export const datasetFragment: JsonSchema = {
  description:
    "The data set: its id, the path of a module of your own, or a block with its files and settings.",
  anyOf: generalForms(true),
};
