import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { isJsonObject } from "../../../src/base/json.js";
import type { Ignored, Science } from "../../../src/contract/science.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { science } from "../../support/toy/science.js";

const datasets = ["ml-100k", "ml-1m", "amazon-books"];
const variants = ["none", "profile", "r4ec"];
const backbones = ["din", "dien", "dcnv2", "autoint"];

/** The toy science with settings of every shape that a real science has; no spec of it is planned. */
export const shapes: Science = {
  ...science,
  shortNames: { lr: "ctr.learning_rate", bs: "ctr.batch_size", random_seed: "seed" },
  cellsPerCard: {
    setting: "ctr_per_gpu",
    schema: { description: "Trainings on one card.", type: "integer", minimum: 1, default: 4 },
  },
  fragments: {
    dataset: {
      description: "Data.",
      anyOf: [
        { description: "Short for {id: ...}.", type: "string", enum: datasets },
        {
          description: "A data set.",
          type: "object",
          additionalProperties: false,
          required: ["id"],
          properties: {
            id: { description: "Id.", enum: datasets },
            path: { description: "Folder.", type: "string" },
            user_core: { description: "Core.", type: "integer", minimum: 1, default: 60 },
          },
        },
      ],
    },
    knowledge: {
      description: "Knowledge.",
      default: "none",
      anyOf: [
        { description: "Short for {variant: ...}.", type: "string", enum: variants },
        {
          description: "A variant and its settings.",
          type: "object",
          additionalProperties: false,
          required: ["variant"],
          properties: {
            variant: { description: "Variant.", enum: variants },
            iterations: { description: "T.", type: "integer", minimum: 0, default: 1 },
            actor: { description: "Model.", type: "string", minLength: 1, default: "tiny" },
            finetune: {
              description: "Fine-tuning.",
              type: "object",
              additionalProperties: false,
              properties: {
                epochs: { description: "Passes.", type: "number", exclusiveMinimum: 0, default: 3 },
                // Without a default, so that it is in no cell's settings.
                room: {
                  description: "How much it takes: 2, or 3G.",
                  type: ["number", "string"],
                  exclusiveMinimum: 0,
                  pattern: "^[1-9]\\d*G$",
                },
                extra: {
                  description: "Free.",
                  type: "object",
                  additionalProperties: true,
                  default: {},
                },
              },
            },
          },
        },
      ],
    },
    backbone: {
      description: "The CTR model.",
      anyOf: [
        { description: "One that comes with it.", enum: backbones },
        { description: "The path of a module of your own.", type: "string", pattern: "[./]" },
      ],
    },
    ctr: {
      description: "Training.",
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        learning_rate: { description: "Rate.", type: "number", exclusiveMinimum: 0, default: 1e-3 },
        batch_size: { description: "Batch.", type: "integer", minimum: 1, default: 512 },
        epochs: { description: "Epochs.", type: "integer", minimum: 1, default: 20 },
        mlp: {
          description: "Hidden sizes.",
          type: "array",
          items: { description: "A size.", type: "integer", minimum: 1 },
          minItems: 1,
          default: [200, 80],
        },
        shuffle: { description: "Shuffle.", type: "boolean", default: true },
        dien: {
          description: "DIEN's own options.",
          type: "object",
          additionalProperties: false,
          properties: { gru: { description: "Kind.", enum: ["gru", "augru"], default: "augru" } },
        },
      },
    },
  },
  expand(settings: JsonObject): JsonObject {
    const short = (value: Json | undefined, key: string): Json | undefined =>
      typeof value === "string" ? { [key]: value } : value;
    const expanded: { [key: string]: Json | undefined } = { ...settings };
    if ("dataset" in settings) expanded["dataset"] = short(settings["dataset"], "id");
    if ("knowledge" in settings) expanded["knowledge"] = short(settings["knowledge"], "variant");
    return expanded as JsonObject;
  },
  rebase(settings: JsonObject, move): JsonObject {
    const dataset = settings["dataset"];
    if (!isJsonObject(dataset) || typeof dataset["path"] !== "string") return settings;
    return { ...settings, dataset: { ...dataset, path: move(dataset["path"]) } };
  },
  ignored(settings: JsonObject): readonly Ignored[] {
    const ignored: Ignored[] = [];
    const knowledge = settings["knowledge"] as JsonObject;
    if (knowledge["variant"] !== "r4ec") {
      for (const key of ["iterations", "actor", "finetune"]) {
        ignored.push({ path: `knowledge.${key}`, because: "only r4ec reads it" });
      }
    }
    if (settings["backbone"] !== "dien") {
      ignored.push({ path: "ctr.dien", because: "only dien reads it" });
    }
    return ignored;
  },
  neutral: {},
  cards: () => [],
  check(settings: JsonObject, place: SpecPlace): readonly Finding[] {
    const dataset = settings["dataset"];
    const path = isJsonObject(dataset) ? dataset["path"] : undefined;
    if (typeof path !== "string" || existsSync(resolve(place.folder, path))) return [];
    return [{ severity: "error", message: `there is no folder ${path}`, path: "dataset.path" }];
  },
};

/** The same with more settings under `ctr`, and what is neutral of them. */
export function shapesWith(
  properties: { readonly [name: string]: JsonObject },
  neutral: Science["neutral"],
): Science {
  const { ctr, ...fragments } = shapes.fragments;
  const known = ctr!["properties"] as JsonObject;
  const wider = { ...ctr, properties: { ...known, ...properties } };
  return { ...shapes, neutral, fragments: { ...fragments, ctr: wider } };
}
