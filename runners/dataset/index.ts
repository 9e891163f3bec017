import type { Finding } from "../../src/diagnostic.js";
import { isJsonObject, type Json, type JsonObject } from "../../src/json.js";
import type { Runner, StageRequest } from "../../src/runner.js";
import type { Ignored, JsonSchema, SpecPlace } from "../../src/science.js";
import type { DatasetSettings, Source } from "./source.js";
import { sourceOf, sources } from "./sources.js";

const perSource = (setting: string): string =>
  sources.map((source) => `${source.id} ${JSON.stringify(source.defaults[setting])}`).join(", ");

/** Settings that every data set has; their defaults depend on the data set. */
const commonProperties: { readonly [setting: string]: JsonSchema } = {
  like_above: {
    description: `A rating above it is positive. Default: ${perSource("like_above")}.`,
    type: "number",
    minimum: 0,
    exclusiveMaximum: 5,
  },
  user_core: {
    description: `Users with fewer ratings are left out, until none is left. Default: ${perSource("user_core")}.`,
    type: "integer",
    minimum: 1,
    maximum: 1_000_000,
  },
  item_core: {
    description: `Items with fewer ratings are left out, until none is left. Default: ${perSource("item_core")}.`,
    type: "integer",
    minimum: 1,
    maximum: 1_000_000,
  },
};

const ids = sources.map((source) => source.id);

/** The schema of `dataset`: an id, or the whole block. */
export const datasetFragment: JsonSchema = {
  description: "The data set: its id, or a block with its files and settings.",
  anyOf: [
    { type: "string", enum: ids, description: `Short for {id}: ${ids.join(", ")}.` },
    {
      type: "object",
      description: "The data set with its files and settings.",
      additionalProperties: false,
      required: ["id"],
      properties: {
        id: {
          type: "string",
          enum: ids,
          description:
            sources.map(({ id, description }) => `${id}: ${description}`).join(". ") + ".",
        },
        ...Object.assign({}, ...sources.map((source) => source.properties)),
        ...commonProperties,
      },
    },
  ],
};

/** `ml-100k` becomes `{id: ml-100k}`, and the data set's own defaults are filled in. */
export function expandDataset(value: Json): Json {
  const block = typeof value === "string" ? { id: value } : value;
  if (!isJsonObject(block)) return value;
  const source = sourceOf(block["id"]);
  return source === undefined ? block : { ...source.defaults, ...block };
}

/** Settings that belong to other data sets. */
export function ignoredDataset(settings: JsonObject): Ignored[] {
  const block = settings["dataset"];
  if (!isJsonObject(block)) return [];
  const source = sourceOf(block["id"]);
  if (source === undefined) return [];
  return Object.keys(block)
    .filter((name) => name !== "id" && !knows(source, name))
    .map((name) => ({
      path: `dataset.${name}`,
      because: `only ${sources
        .filter((other) => knows(other, name))
        .map(({ id }) => id)
        .join(" and ")} read it`,
    }));
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

/** The block of a cell's settings, in its long form and complete. */
function blockOf(settings: JsonObject): DatasetSettings | undefined {
  const block = settings["dataset"] === undefined ? null : expandDataset(settings["dataset"]);
  return isJsonObject(block) && typeof block["id"] === "string"
    ? (block as DatasetSettings)
    : undefined;
}

/** Prepares data sets (docs/artifacts.md, `dataset`). */
export const datasetRunner: Runner = {
  name: "dataset",
  version: 1,
  toolchain: [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: async () => (await import("./program.js")).program,
};
