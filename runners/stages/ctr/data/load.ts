import type { JsonObject } from "../../../../src/base/json.js";
import { anchorOf, readSampleRows, type SampleRows } from "../../../base/artifacts/negatives.js";
import { readVectors } from "../../../base/artifacts/vectors.js";
import { fitFields, type FittedFields } from "../../../base/fields/fit.js";
import { adaptorDefaults, type AdaptorParams, type CtrParams } from "../settings.js";
import type { AdaptorShape, ModelShape } from "../model.js";
import { backbones, loadBackbone } from "../backbones/index.js";
import { labelsOf, type KnowledgeTables } from "./interactions.js";

/** Samples of one split with what metrics need. */
export interface Split {
  /** Row numbers. */
  readonly rows: Int32Array;
  readonly labels: Float32Array;
  readonly users: Int32Array;
}

/** All the data that cells of one group train and are tested on. */
export interface CtrData {
  readonly dataset: SampleRows;
  readonly knowledge: KnowledgeTables | null;
  /** Null where the data set has no fields. */
  readonly fields: FittedFields | null;
  /** Rows to train on: without the validation samples where the epoch is picked on them. */
  readonly train: Int32Array;
  /** Null where the epoch is picked on test. */
  readonly valid: Split | null;
  readonly test: Split;
  /** True where every sample has at least `history_length` interactions before it. */
  readonly fullHistory: boolean;
}

/** Reads the input artifacts of a CTR stage. */
export async function loadCtrData(
  inputs: { readonly [name: string]: string },
  params: Pick<CtrParams, "pick" | "history_length">,
): Promise<CtrData> {
  const dataset = await readSampleRows(inputs["dataset"]!, inputs["split"]);
  const knowledge = inputs["embed"] === undefined ? null : await loadKnowledge(inputs["embed"]);
  const labels = labelsOf(dataset);
  const split = (rows: Int32Array): Split => ({
    rows,
    labels: Float32Array.from(rows, (row) => labels[row]!),
    users: Int32Array.from(rows, (row) => dataset.interactionUser[row]!),
  });
  const held = new Set(params.pick === "valid" ? dataset.valid : []);
  const hasHistory = (row: number): boolean =>
    anchorOf(dataset, row) - dataset.offsets[dataset.interactionUser[row]!]! >=
    params.history_length;
  return {
    dataset,
    knowledge,
    fields: fitFields(dataset),
    train: dataset.train.filter((row) => !held.has(row)),
    valid: params.pick === "valid" ? split(dataset.valid) : null,
    test: split(dataset.test),
    fullHistory: dataset.train.every(hasHistory) && dataset.test.every(hasHistory),
  };
}

/** Reads an embed artifact. */
export async function loadKnowledge(folder: string): Promise<KnowledgeTables> {
  const { users, items } = await readVectors(folder);
  return {
    users: users.numbers,
    userDim: users.width,
    items: items.numbers,
    itemDim: items.width,
  };
}

/** The shape of a stage's model. `module` is the path of a backbone of the user's own. */
export function shapeOf(
  params: CtrParams,
  { dataset, knowledge, fields }: Pick<CtrData, "dataset" | "knowledge" | "fields">,
  module: string | undefined,
): ModelShape {
  const backbone = params.backbone ?? module!;
  return {
    backbone,
    items: dataset.items,
    attributes: dataset.attributes,
    ratings: dataset.ratings,
    ...(params.user_id === true ? { users: dataset.users } : {}),
    attributeFields: dataset.attributeFields.length,
    ...(fields === null
      ? {}
      : {
          fields: fields.fields.map(({ name, of, slots }) => ({ name, of, slots })),
          fieldIds: fields.count,
        }),
    historyLength: params.history_length,
    embeddingDim: params.embedding_dim,
    mlp: params.mlp,
    knowledge:
      knowledge === null ? null : { userDim: knowledge.userDim, itemDim: knowledge.itemDim },
    adaptor: params.adaptor === null || knowledge === null ? null : adaptorShape(params.adaptor),
    options: { ...defaultOptions(backbone), ...params.options },
  };
}

/** An adaptor's sizes out of its settings. */
export function adaptorShape(given: AdaptorParams): AdaptorShape {
  const { type, shared_experts, specific_experts, layers } = { ...adaptorDefaults, ...given };
  return { type, sharedExperts: shared_experts, specificExperts: specific_experts, layers };
}

/** Defaults of a backbone's own options, out of its schema. */
function defaultOptions(backbone: string): { [name: string]: unknown } {
  const found = backbones[backbone] ?? loadBackbone(backbone);
  const schema = "ok" in found ? (found.ok ? found.value.options : {}) : found.options;
  const properties = (schema["properties"] ?? {}) as { [name: string]: JsonObject };
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, property["default"]]),
  );
}
