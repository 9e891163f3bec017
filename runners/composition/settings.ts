import type { Json, JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";
import { expandEmbed } from "../stages/embed/expand.js";
import type { EmbedSettings } from "../stages/embed/settings.js";
import type { InferEngine } from "../stages/infer/schema.js";
import type { FinetuneSettings } from "../stages/finetune/settings.js";
import type { OwnFilesSettings } from "../stages/own-files/settings.js";
import type { TeacherSettings } from "../stages/teach/settings.js";
import type { Variant } from "./variants.js";

/** A model as a spec names it. */
export interface ModelSettings {
  readonly name: string;
  readonly revision?: string | null;
  readonly template?: string | null;
}

/** `knowledge.infer`, complete. */
export interface InferSettings {
  readonly engine: InferEngine;
  readonly base_url: string | null;
  readonly model: string | null;
  readonly api_key_env: string | null;
  readonly command: readonly string[];
  readonly adapter_arguments: readonly string[];
  readonly start_timeout_seconds: number;
  readonly max_new_tokens: number;
  readonly cutoff_len: number;
  readonly temperature: number;
  readonly top_p: number;
  readonly batch_size: number;
  readonly concurrency: number;
  readonly timeout_seconds: number;
  readonly retries: number;
  readonly guided: boolean;
  readonly gpus: number;
  readonly llamafactory: JsonObject;
}

/** `knowledge`, complete; settings that the variant ignores may be missing. */
export interface KnowledgeSettings {
  readonly variant: Variant;
  readonly history: number;
  readonly item_raters: "early" | "train";
  readonly users: "all" | number;
  readonly items: "all" | number;
  readonly iterations: number;
  readonly actor: ModelSettings;
  readonly reflector: ModelSettings | null;
  readonly seed: number;
  readonly prompts: string | null;
  readonly teacher: TeacherSettings;
  readonly finetune: FinetuneSettings;
  readonly infer: InferSettings;
  readonly embed: EmbedSettings;
  readonly file: OwnFilesSettings;
}

/** The knowledge settings of a cell's settings, checked against the schema before. */
export const knowledgeOf = (settings: JsonObject): KnowledgeSettings =>
  settings["knowledge"] as unknown as KnowledgeSettings;

/** What stands in place of a string, by setting. */
const SHORT: { readonly [setting: string]: string } = {
  actor: "name",
  reflector: "name",
  teacher: "model",
  infer: "engine",
  embed: "engine",
};

/**
 * Writes out the short forms of `knowledge`: `profile` becomes `{variant: profile}`, and within it
 * `embed: encoder` becomes `{engine: encoder, model: ...}`. Keeps what it can't read.
 */
export function expandKnowledge(value: Json): Json {
  if (typeof value === "string") return { variant: value };
  if (!isJsonObject(value)) return value;
  const expanded: { [key: string]: Json } = { ...value };
  for (const [setting, key] of Object.entries(SHORT)) {
    if (typeof expanded[setting] === "string") expanded[setting] = { [key]: expanded[setting] };
  }
  const embed = expanded["embed"];
  if (isJsonObject(embed)) expanded["embed"] = expandEmbed(embed);
  return expanded;
}
