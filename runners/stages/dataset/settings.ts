import type { Finding } from "../../../src/base/diagnostic.js";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.js";
import type { Ignored } from "../../../src/contract/science.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import type { Domain } from "../../base/artifacts/domain.js";
import { moduleFaults } from "./own-module/extend.js";
import { commonProperties } from "./schema.js";
import type { DatasetSettings, Source } from "./source.js";
import { readable, sourceOf } from "./sources.js";
import { checkLabel } from "./label.js";
import { checkSplit, expandSplit, ignoredSplit } from "./split.js";

/** Parameters of a dataset stage: what decides its result, beside its files. */
export interface DatasetParams extends JsonObject {
  readonly id: string;
  /** Ratings above it are positive. */
  readonly like_above: number;
  readonly user_core: number;
  readonly item_core: number;
  readonly repeats?: "keep" | "first";
}

/** `ml-100k` becomes `{id: ml-100k}`, and within a block `split: users` `split: {by: users}`. */
export function expandDataset(value: Json): Json {
  if (typeof value === "string") return { id: value };
  if (!isJsonObject(value) || value["split"] === undefined) return value;
  return { ...value, split: expandSplit(value["split"]) };
}

/** A cell's data set: its source, and its block in the long form with the source's defaults. */
export interface ChosenDataset {
  readonly source: Source;
  readonly block: DatasetSettings;
}

/** The data set that a cell's settings choose; undefined where they name none that r4ec knows. */
export function chosenDataset(settings: JsonObject): ChosenDataset | undefined {
  const block = expandDataset(settings["dataset"] ?? null);
  if (!isJsonObject(block)) return undefined;
  const source = sourceOf(block["id"]);
  return source && { source, block: { ...source.defaults, ...block, id: String(block["id"]) } };
}

/**
 * The domain of a cell's data set: which words of prompts/words.yaml the prompts about it use, or
 * its own words.
 * The artifact's `domain` says the same once the data set is prepared. Throws for an unknown data
 * set.
 *
 * @param settings all settings of a cell
 */
export function domainOfDataset(settings: JsonObject): Domain {
  const chosen = chosenDataset(settings);
  if (chosen === undefined) throw new Error("dataset is neither an id nor a block with one");
  const { source, block } = chosen;
  return source.traits?.(source.params(block)).domain ?? source.domain;
}

/** Settings that only other data sets read, and folds of a split by time. */
export function ignoredDataset(settings: JsonObject): Ignored[] {
  const block = settings["dataset"];
  if (!isJsonObject(block)) return [];
  const source = sourceOf(block["id"]);
  if (source === undefined) return [];
  const others = Object.keys(block)
    .filter((name) => name !== "id" && name !== "split" && !reads(source, name))
    .map((name) => {
      const readers = readable
        .filter((other) => reads(other, name))
        .map(({ id, called }) => called ?? id);
      const verb = readers.length === 1 ? "reads" : "read";
      return { path: `dataset.${name}`, because: `only ${readers.join(" and ")} ${verb} it` };
    });
  const alias =
    block["label"] === undefined || block["like_above"] === undefined
      ? []
      : [{ path: "dataset.like_above", because: "dataset.label says what is positive" }];
  return [...others, ...alias, ...ignoredSplit(settings)];
}

const reads = (source: Source, name: string): boolean =>
  name in commonProperties || name in source.properties;

/** Mistakes in `dataset` that the schema can't see: a missing file, an unknown time zone, a fold too many. */
export function checkDataset(settings: JsonObject, place: SpecPlace): readonly Finding[] {
  const chosen = chosenDataset(settings);
  if (chosen === undefined) return [];
  const { source, block } = chosen;
  // What a module lacks is no mistake of the spec.
  const faults = moduleFaults(block.id, place);
  if (faults.length > 0) return faults;
  return [...checkLabel(source, block), ...source.check(block, place), ...checkSplit(settings)];
}
