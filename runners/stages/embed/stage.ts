import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { modelInput } from "../../base/models/model-input.js";
import type { EmbedSettings } from "./settings.js";
import { ENCODER_MAX_TOKENS, ENCODER_PACKAGE, encoderVersion } from "./encoder.js";
import { DEFAULT_EMBED_MODELS } from "./schema.js";

/** The stage that turns a text artifact into vectors. */
export function embedStage(
  settings: EmbedSettings,
  place: SpecPlace,
  dataset: StageRequest,
  text: StageRequest,
): StageRequest {
  const { engine } = settings;
  const label = `embed ${text.label}`;
  const inputs = { dataset, text };
  const name = settings.model ?? DEFAULT_EMBED_MODELS[engine];
  if (name === null) throw new Error(`engine ${engine} needs a model`);
  switch (engine) {
    case "encoder": {
      const params: JsonObject = {
        engine,
        model: { name: ENCODER_PACKAGE, version: encoderVersion() },
        max_tokens: settings.max_tokens ?? ENCODER_MAX_TOKENS,
      };
      const execution = {};
      return { runner: "embed", label, params, inputs, files: {}, execution };
    }
    case "sentence-transformers": {
      const model = modelInput("model", name, settings.revision, place);
      const params: JsonObject = {
        engine,
        model: model.params,
        pooling: settings.pooling,
        normalize: settings.normalize,
        ...without({ dimension: settings.dimension, max_tokens: settings.max_tokens }),
      };
      const execution = { batch_size: settings.batch_size };
      const all = { ...inputs, ...model.inputs };
      return { runner: "embed", label, params, inputs: all, files: model.files, execution };
    }
    case "endpoint": {
      const params: JsonObject = {
        engine,
        model: { name },
        normalize: settings.normalize,
        ...without({ dimension: settings.dimension }),
      };
      const { base_url, api_key_env, batch_size, concurrency, timeout_seconds, retries } = settings;
      const execution = {
        base_url,
        api_key_env,
        batch_size,
        concurrency,
        timeout_seconds,
        retries,
      };
      return { runner: "embed", label, params, inputs, files: {}, execution };
    }
  }
}

/** Options that are set: what is null is the model's own business and no part of the identity. */
const without = (options: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
