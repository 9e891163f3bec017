import type { Finding } from "../../../src/base/diagnostic.js";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import type { Runner, StageRequest } from "../../../src/contract/runner.js";
import type { Ignored, JsonSchema, SpecPlace } from "../../../src/contract/science.js";
import { sizesOnly } from "../../base/estimate.js";
import type { DatasetSettings, Source } from "./source.js";
import { sourceOf, sources } from "./sources.js";

/** Settings that every data set has; their defaults are the data set's own. */
const commonProperties: { readonly [setting: string]: JsonSchema } = {
  like_above: {
    description: "A rating above it is positive.",
    type: "number",
    minimum: 0,
    exclusiveMaximum: 5,
  },
  user_core: {
    description:
      "Users with fewer ratings than this are left out, again and again until none is left.",
    type: "integer",
    minimum: 1,
    maximum: 1_000_000,
  },
  item_core: {
    description:
      "Items with fewer ratings than this are left out, again and again until none is left.",
    type: "integer",
    minimum: 1,
    maximum: 1_000_000,
  },
};

const allProperties: { readonly [setting: string]: JsonSchema } = Object.assign(
  {},
  commonProperties,
  ...sources.map((source) => source.properties),
);

const ids = sources.map((source) => source.id);

/**
 * The block of one data set, with its defaults. Settings of the others are allowed, so that a sweep
 * over data sets can hold the settings of each; {@link ignoredDataset} names them.
 */
const formOf = (source: Source): JsonSchema => ({
  type: "object",
  description: `${source.description}.`,
  additionalProperties: false,
  required: ["id"],
  properties: {
    id: { const: source.id, description: `${source.description}.` },
    ...Object.fromEntries(
      Object.entries(allProperties).map(([name, property]) => {
        const own = source.defaults[name];
        return [name, own === undefined ? property : { ...property, default: own }];
      }),
    ),
  },
});

/** The schema of `dataset`: an id, or the whole block. */
export const datasetFragment: JsonSchema = {
  description: "The data set: its id, or a block with its files and settings.",
  anyOf: [
    { type: "string", enum: ids, description: `Short for {id}: ${ids.join(", ")}.` },
    ...sources.map(formOf),
  ],
};

/** `ml-100k` becomes `{id: ml-100k}`. */
export const expandDataset = (value: Json): Json =>
  typeof value === "string" ? { id: value } : value;

/** Settings that belong to other data sets. */
export function ignoredDataset(settings: JsonObject): Ignored[] {
  const block = settings["dataset"];
  if (!isJsonObject(block)) return [];
  const source = sourceOf(block["id"]);
  if (source === undefined) return [];
  return Object.keys(block)
    .filter((name) => name !== "id" && !knows(source, name))
    .map((name) => {
      const readers = sources.filter((other) => knows(other, name)).map(({ id }) => id);
      const verb = readers.length === 1 ? "reads" : "read";
      return { path: `dataset.${name}`, because: `only ${readers.join(" and ")} ${verb} it` };
    });
}

const knows = (source: Source, name: string): boolean =>
  name in commonProperties || name in source.properties;

/** Files that are missing, time zones that there aren't. Takes all settings of a cell. */
export function checkDataset(settings: JsonObject, place: SpecPlace): readonly Finding[] {
  const block = blockOf(settings);
  const source = block && sourceOf(block.id);
  return block && source ? source.check(block, place) : [];
}

/** The stage that prepares the data set of a cell's settings. */
export function datasetStage(settings: JsonObject, place: SpecPlace): StageRequest {
  const block = blockOf(settings);
  const source = block && sourceOf(block.id);
  if (!block || !source) throw new Error("dataset is neither an id nor a block with one");
  const common = Object.fromEntries(
    Object.keys(commonProperties).map((name) => [name, block[name]!]),
  );
  return {
    runner: datasetRunner.name,
    label: `dataset ${source.id}`,
    params: { id: source.id, ...common, ...source.params(block) },
    inputs: {},
    files: source.files(block, place),
    execution: {},
  };
}

/** The block of a cell's settings in its long form, with the defaults of its data set. */
function blockOf(settings: JsonObject): DatasetSettings | undefined {
  const block = expandDataset(settings["dataset"] ?? null);
  if (!isJsonObject(block) || typeof block["id"] !== "string") return undefined;
  return { ...sourceOf(block["id"])?.defaults, ...block } as DatasetSettings;
}

/** Sizes as they come out of the default settings, for estimates before a data set is prepared. */
const PUBLISHED: { readonly [id: string]: { readonly [size: string]: number } } = {
  "ml-100k": { users: 943, items: 1682, "train.samples": 70_189, "test.samples": 19_438 },
  "ml-1m": { users: 6040, items: 3706, "train.samples": 737_358, "test.samples": 196_411 },
  "amazon-books": {
    users: 11_906,
    items: 17_332,
    "train.samples": 1_144_308,
    "test.samples": 309_898,
  },
};

/** Prepares data sets (docs/artifacts.md, `dataset`). */
export const datasetRunner: Runner = {
  name: "dataset",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ params }) => sizesOnly(PUBLISHED[params["id"] as string] ?? {}),
  load: async () => (await import("./program.js")).program,
};
