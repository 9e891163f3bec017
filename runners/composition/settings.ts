import type { Json, JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";
import type { Science } from "../../src/contract/science.js";
import { expandEmbed } from "../stages/embed/expand.js";
import type { EmbedSettings } from "../stages/embed/settings.js";
import type { NamedModel } from "../base/models/model-input.js";
import type { InferSettings } from "../stages/infer/settings.js";
import type { ControlSettings } from "../stages/control/settings.js";
import type { FinetuneSettings } from "../stages/finetune/settings.js";
import type { OwnFilesSettings } from "../stages/own-files/settings.js";
import type { TeacherSettings } from "../stages/teach/settings.js";

/** `knowledge`, complete; settings that the variant ignores may be missing. */
export interface KnowledgeSettings extends ControlSettings {
  readonly variant: string;
  readonly history: number;
  readonly item_raters: "early" | "train";
  readonly users: "all" | number;
  readonly items: "all" | number;
  readonly coverage: number;
  readonly iterations: number;
  readonly actor: NamedModel;
  readonly reflector: NamedModel | null;
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

/**
 * Settings under `knowledge` that were added after results had been recorded, with their neutral
 * values, at which a cell is what it was before.
 */
export const neutralKnowledge: Science["neutral"] = {
  "knowledge.control": "off",
  "knowledge.coverage": 0.5,
  "knowledge.infer.cut_tries": 0,
  "knowledge.infer.extra": {},
  "knowledge.infer.prices": { prompt: 0, completion: 0 },
  "knowledge.teacher.cut_tries": 0,
  "knowledge.teacher.gpus": 1,
  "knowledge.control_side": "both",
  "knowledge.embed.center": false,
  "knowledge.embed.prices": { prompt: 0 },
};

/** For each setting, the key that a string is short for. */
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
