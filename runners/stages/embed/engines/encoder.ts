import { embeddingPackage, embeddingPackageVersion } from "./encoder-package.js";
import type { EmbedEngine, EmbedParams } from "./engine.js";
import { max_tokens } from "./shared-settings.js";
import { mistake } from "../../../base/stage/mistake.js";

/** Longer texts are cut, where the spec doesn't say otherwise. */
const DEFAULT_MAX_TOKENS = 256;

/** Seconds until its model is loaded, and texts a second then. */
const START = 4;
const RATE = 100;

export interface EncoderParams extends EmbedParams {
  readonly engine: "encoder";
  readonly model: { readonly name: string; readonly version: string };
  readonly max_tokens: number;
}

/** The sentence encoder that comes with r4ec. It runs in this process. */
export const encoder: EmbedEngine<EncoderParams> = {
  name: "encoder",
  description: "a sentence encoder that runs in-process (512-d, English, no download)",
  defaultModel: embeddingPackage,
  settings: { max_tokens },
  check({ model }, where) {
    if (model === null || model === undefined || model === embeddingPackage) return [];
    const what = `engine encoder has one model, ${embeddingPackage}; leave model out, or name another engine`;
    return [mistake(`${where}.model`, what)];
  },
  stage: (settings) => ({
    params: {
      engine: "encoder",
      model: { name: embeddingPackage, version: embeddingPackageVersion() },
      max_tokens: settings.max_tokens ?? DEFAULT_MAX_TOKENS,
    },
    execution: {},
    inputs: {},
    files: {},
  }),
  toolchain: ["tensorflow"],
  resources: () => ({ cpus: 4, gpus: 0 }),
  gpuHours: () => 0,
  seconds: (texts) => START + texts / RATE,
  counted: false,
  load: async ({ params }) => (await import("./encoder-model.js")).loadEncoder(params.max_tokens),
};
