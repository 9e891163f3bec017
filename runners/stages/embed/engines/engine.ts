import type { JsonObject } from "../../../../src/base/json.js";
import type { FileInput, StageRequest } from "../../../../src/contract/runner.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import type { Engine } from "../../../base/stage/engine.js";
import type { EmbedSettings } from "../settings.js";

/** Turns text into vectors. */
export interface Embedder {
  /**
   * Embeds texts, none of them empty, in any order: each vector is handed over with its text's
   * place as soon as it is there. Returns early once `stopped` says so.
   */
  embed(
    texts: readonly string[],
    onVectors: (vectors: readonly (readonly [place: number, vector: Float32Array])[]) => void,
    stopped: () => boolean,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Parameters of an embed stage: all that decides a text's vector. */
export interface EmbedParams extends JsonObject {
  /** Name of the engine. */
  readonly engine: string;
  /** The model, as the engine identifies it. */
  readonly model: JsonObject;
}

/** What an engine contributes to its stage, beside the data set and the text. */
export interface EmbedStageParts<Params, Execution> {
  readonly params: Params;
  readonly execution: Execution;
  /** A packaged model's stage. */
  readonly inputs: { readonly [name: string]: StageRequest };
  /** Files of a model that is a folder. */
  readonly files: { readonly [name: string]: FileInput };
}

/** A way of turning text into vectors. */
export interface EmbedEngine<
  Params extends EmbedParams = EmbedParams,
  Execution = JsonObject,
> extends Engine<EmbedSettings, Params, Execution, Embedder> {
  /** The model where the spec names none; null: the spec must name one. */
  readonly defaultModel: string | null;
  /** The stage's parts. `settings` have been checked. */
  stage(settings: EmbedSettings, place: SpecPlace): EmbedStageParts<Params, Execution>;
  /** Hours of a GPU for texts of `tokens` tokens in all. */
  gpuHours(tokens: number): number;
  /** Seconds on a common machine for so many texts, of `tokens` tokens in all. */
  seconds(texts: number, tokens: number): number;
  /** True where an endpoint counts the tokens. */
  readonly counted: boolean;
}

/**
 * The options that are set. An option that is null is left to the model and is not part of the
 * fingerprint.
 */
export const given = (options: {
  readonly [name: string]: number | null;
}): {
  readonly [name: string]: number;
} =>
  Object.fromEntries(
    Object.entries(options).filter((option): option is [string, number] => option[1] !== null),
  );
