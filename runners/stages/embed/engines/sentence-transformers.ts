import { isFolder, resolvePath } from "../../../base/files/spec-path.js";
import { isFolderName, modelInput } from "../../../base/models/model-input.js";
import { checkPackagedName } from "../../../base/models/packaged.js";
import { embeddingHours, gpuSeconds } from "../../../base/stage/cost-model.js";
import { CARD_MEMORY, cardsAsked } from "../../../base/stage/gpus.js";
import { mistake } from "../../../base/stage/mistake.js";
import type { EmbedEngine } from "./engine.js";
import type {
  SentenceTransformersParams,
  SentenceTransformersExecution,
} from "./sentence-transformers-params.js";
import { given } from "./engine.js";
import { dimension, max_tokens, normalize } from "./shared-settings.js";

const DEFAULT_MODEL = "BAAI/bge-m3";
/** Parameters of BGE-M3 in billions: models for sentences are of about its size. */
const BILLIONS = 0.57;

/** A Hugging Face model, run by sentence-transformers in the LLM environment. */
export const sentenceTransformers: EmbedEngine<
  SentenceTransformersParams,
  SentenceTransformersExecution
> = {
  name: "sentence-transformers",
  description: "a Hugging Face model in the LLM environment",
  defaultModel: DEFAULT_MODEL,
  settings: {
    revision: {
      description:
        "Commit, tag or branch of a model on the Hugging Face hub; null: its main branch.",
      type: ["string", "null"],
      minLength: 1,
      default: null,
    },
    pooling: {
      description:
        "How the vectors of tokens become one vector: auto (as the model's files say; where they say nothing, cls for a plain BERT of the bge family, else mean), cls, or mean.",
      type: "string",
      enum: ["auto", "cls", "mean"],
      default: "auto",
    },
    normalize,
    dimension,
    max_tokens,
    gpus: {
      description:
        "How much of one GPU one embedding needs. 4G: so much of its memory, so that others use the rest of it (G: 2^30 bytes). 0.25: a quarter of it. Left out: all of it.",
      type: ["number", "string"],
      exclusiveMinimum: 0,
      pattern: CARD_MEMORY,
      // More than one is of no use to it. Without a default, which would be part of every cell's id.
      maximum: 1,
    },
  },
  check({ model, revision }, where, place) {
    if (model === null || model === undefined) return [];
    if (!isFolderName(model)) return checkPackagedName(model, revision, `${where}.model`);
    const folder = resolvePath(model, place);
    if (isFolder(folder)) return [];
    return [mistake(`${where}.model`, `there is no folder ${model} (${folder})`)];
  },
  stage(settings, place) {
    const name = settings.model ?? DEFAULT_MODEL;
    const model = modelInput("model", name, settings.revision, place);
    return {
      params: {
        engine: "sentence-transformers",
        model: model.params,
        pooling: settings.pooling,
        normalize: settings.normalize,
        ...given({ dimension: settings.dimension, max_tokens: settings.max_tokens }),
      },
      execution: {
        batch_size: settings.batch_size,
        ...(settings.gpus === undefined ? {} : { gpus: settings.gpus }),
      },
      inputs: model.inputs,
      files: model.files,
    };
  },
  toolchain: ["llm.embed"],
  resources: ({ gpus }) => ({ cpus: 4, ...cardsAsked(gpus) }),
  gpuHours: (tokens) => embeddingHours(BILLIONS, tokens),
  seconds: (_, tokens) => gpuSeconds(embeddingHours(BILLIONS, tokens)),
  counted: false,
  load: async (task) =>
    (await import("./sentence-transformers-process.js")).loadSentenceTransformers(task),
};
