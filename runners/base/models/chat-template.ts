import path from "node:path";

const TEMPLATES: readonly (readonly [RegExp, string])[] = [
  [/smollm2/iu, "smollm2"],
  [/qwen3/iu, "qwen3_nothink"],
  [/qwen/iu, "qwen"],
  [/llama-?3/iu, "llama3"],
  [/llama-?2/iu, "llama2"],
  [/mistral/iu, "mistral"],
  [/gemma/iu, "gemma"],
  [/phi-?4/iu, "phi4"],
  [/glm-?4/iu, "glm4"],
  [/deepseek/iu, "deepseek3"],
];

/** LLaMA-Factory's chat template of a model, by its name; null where the name tells nothing. */
export const chatTemplateOf = (name: string): string | null =>
  TEMPLATES.find(([pattern]) => pattern.test(path.basename(name)))?.[1] ?? null;
