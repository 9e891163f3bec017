import type { JsonObject } from "../../../src/base/json.js";
import type { Prices, StageEstimate } from "../../../src/contract/runner.js";
import type { Prices as TokenPrices } from "../chat/budget.js";

/*
 * The cost model behind `r4ec plan --estimate` (docs/estimates.md): tokens that language models read
 * and write, and hours of a GPU. Lengths are in tokens.
 */

/** A prompt template before it is filled in; the templates of prompts/ have 150 to 350 tokens. */
export const TEMPLATE = 270;
/** One `["title (year)", rating]`. */
export const ENTRY = 16;
/** Knowledge of about 200 words, as the prompts ask for. */
export const KNOWLEDGE = 270;
/** A judgement with its reflection. */
export const JUDGEMENT = 150;
/** Share of a teacher's verdicts that are right. */
export const RIGHT = 0.7;
/** Share of texts that a reflector finds unreasonable. */
export const UNREASONABLE = 0.3;

/** Billions of parameters of a model whose name does not say it. */
const UNKNOWN_SIZE = 7;
/** Operations per second of the card: bf16 on an A100. */
const CARD = 312e12;
/** Share of them that fine-tuning and reading prompts reach. */
const REACHED = 0.35;
/** Bytes per second of the card's memory, as far as they are reached. */
const MEMORY = 1.5e12;
/** Seconds of one decoding step in addition to reading the weights: Python and kernel launches. */
const STEP = 0.03;
/** Hours until a program has loaded its model. */
const START = 0.02;
/** Samples per second of CTR training on a card. */
const CTR_RATE = 50_000;
/** Tokens per second that an endpoint writes for one request. */
const ENDPOINT_RATE = 60;

/**
 * The estimate of a stage that uses no language model and no GPU, but whose sizes other stages
 * need.
 *
 * @param seconds on a common machine; a stage that only moves a few files takes about one
 */
export const sizesOnly = (sizes: StageEstimate["sizes"], seconds = 1): StageEstimate => ({
  promptTokens: 0,
  completionTokens: 0,
  gpuHours: 0,
  seconds,
  sizes,
});

/** The name of a model, as far as its settings tell one. */
export const nameOf = (model: JsonObject | string): string =>
  typeof model === "string" ? model : String(model["name"] ?? model["package"] ?? "");

/** Billions of parameters of a model, by its name: `Qwen2.5-7B` has 7, `SmolLM2-135M` 0.135. */
export function billionsOf(model: JsonObject | string): number {
  const name = nameOf(model);
  const match = /(\d+(?:\.\d+)?)\s*([bm])(?![a-z\d])/iu.exec(name);
  if (match === null) return UNKNOWN_SIZE;
  return Number(match[1]) / (match[2]!.toLowerCase() === "m" ? 1000 : 1);
}

/** GPU hours for writing answers: the decoding steps of each batch, and reading the prompts. */
export function writingHours(
  billions: number,
  promptTokens: number,
  completionTokens: number,
  batch: number,
): number {
  if (promptTokens === 0) return 0;
  const step = STEP + (2e9 * billions) / MEMORY;
  const steps = completionTokens / Math.max(1, batch);
  const reading = (2e9 * billions * promptTokens) / (CARD * REACHED);
  return START + (steps * step + reading) / 3600;
}

/**
 * GPU hours for LoRA: the forward pass, and the backward pass without the gradients of the frozen
 * weights.
 */
export const trainingHours = (billions: number, tokens: number): number =>
  tokens === 0 ? 0 : START + (6e9 * billions * tokens) / (CARD * REACHED) / 3600;

/** GPU hours for embedding. */
export const embeddingHours = (billions: number, tokens: number): number =>
  tokens === 0 ? 0 : START + (2e9 * billions * tokens) / (CARD * REACHED) / 3600;

/** Prices as settings name them. */
export const pricesOf = ({ prompt, completion }: TokenPrices): Prices => ({
  read: prompt,
  written: completion,
});

/** Seconds for the answers of an endpoint that answers so many prompts at the same time. */
export const endpointSeconds = (completionTokens: number, concurrency: number): number =>
  1 + completionTokens / ENDPOINT_RATE / Math.max(1, concurrency);

/** Seconds for work on a GPU, with the start of its program. */
export const gpuSeconds = (gpuHours: number): number => 1 + 3600 * gpuHours;

/** GPU hours for CTR training, which shares a GPU with other cells. */
export const ctrHours = (samples: number): number => samples / CTR_RATE / 3600;

/** A limit that may be `all`. */
export const atMost = (limit: unknown, all: number): number =>
  typeof limit === "number" ? Math.min(limit, all) : all;

/** A size of an input, 0 where it is unknown. */
export const sizeOf = (estimate: StageEstimate | undefined, name: string): number =>
  estimate?.sizes[name] ?? 0;
