import type { GpusSetting } from "../../base/stage/gpus.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { ModelServer } from "../../base/chat/model-server.js";
import type { PromptParams } from "../../base/prompts/open.js";

/** `knowledge.teacher`, complete with defaults (schema.ts). */
export interface TeacherSettings {
  /** Missing where r4ec serves the teacher itself. */
  readonly base_url?: string | null;
  readonly model: string;
  /** Missing where r4ec serves the teacher itself. */
  readonly api_key_env?: string | null;
  readonly server: null | ModelServer | readonly string[];
  readonly gpus?: GpusSetting;
  readonly revision?: string | null;
  readonly template?: string | null;
  readonly start_timeout_seconds?: number;
  readonly guided: boolean;
  readonly temperature: number;
  readonly max_tokens: number;
  readonly extra: JsonObject;
  readonly cut_tries?: number;
  readonly users: "all" | number;
  readonly items: "all" | number;
  readonly readable_tries: number;
  readonly balance: number;
  readonly concurrency: number;
  readonly timeout_seconds: number;
  readonly retries: number;
  readonly budget: { readonly tokens: number | null; readonly usd: number | null };
  readonly prices: { readonly prompt: number; readonly completion: number };
}

/** The server where r4ec knows how to start it; null: an endpoint, or a command of the user's. */
export const knownServer = (server: TeacherSettings["server"]): ModelServer | null =>
  typeof server === "string" ? server : null;

/** What decides the teacher's answers to a prompt. */
export interface AnswerIdentity extends JsonObject {
  /** The name at an endpoint, or the served model as runners/base/models/model-input.ts names it. */
  readonly model: string | JsonObject;
  /** LLaMA-Factory's name of the served model's chat template. */
  readonly template?: string;
  readonly guided: boolean;
  readonly temperature: number;
  readonly max_tokens: number;
  readonly extra: JsonObject;
  /** How often a cut answer is asked again; there where it is. */
  readonly cut_tries?: number;
}

/** Params of teach-think. */
export interface ThinkParams extends JsonObject {
  readonly prompts: PromptParams;
  readonly teacher: AnswerIdentity;
  readonly users: "all" | number;
  readonly items: "all" | number;
  readonly readable_tries: number;
}

/** Params of teach-review. */
export interface ReviewParams extends JsonObject {
  readonly prompts: PromptParams;
  readonly teacher: AnswerIdentity;
  readonly readable_tries: number;
  readonly balance: number;
}

/** How the endpoint is reached and what it may cost: no part of a stage's identity. */
export interface TeachExecution
  extends
    JsonObject,
    Pick<TeacherSettings, "concurrency" | "timeout_seconds" | "retries" | "budget" | "prices"> {
  readonly base_url: string | null;
  readonly api_key_env: string | null;
  /** Command of the stage's own server; null: an endpoint is asked. */
  readonly server: null | ModelServer | readonly string[];
  readonly gpus?: GpusSetting;
  readonly start_timeout_seconds: number;
  /** Folder of the user's own templates, or null; their text is in the params. */
  readonly prompts: string | null;
}
