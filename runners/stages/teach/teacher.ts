import type { StageTask } from "../../../src/contract/runner.js";
import type { Complete } from "../../base/chat/completions.js";
import { chatEndpoint } from "../../base/chat/completions.js";
import { EndpointError } from "../../base/chat/endpoint-error.js";
import { retriesOf, withRetries } from "../../base/chat/retry.js";
import type { KeptServer } from "../../base/chat/kept.js";
import { guideFields } from "../../base/chat/model-server.js";
import {
  knownServer,
  type ReviewParams,
  type TeachExecution,
  type ThinkParams,
} from "./settings.js";
import { startTeacher } from "./teacher-server.js";

/** How a teach stage reaches its teacher. */
export interface Teacher {
  /** Connects to it. Answers are held to the guide where knowledge.teacher.guided says so. */
  complete(guide: string): Complete;
  /** Ends the server, where there is one of the stage's own. */
  close(): Promise<void>;
}

/** The endpoint that is there already, or the stage's own server, started when first asked. */
export function teacherOf(task: StageTask<ThinkParams | ReviewParams, TeachExecution>): Teacher {
  const { execution } = task;
  const { teacher } = task.params;
  const kind = knownServer(execution.server);
  const connect = (guide: string, baseUrl: string | null, model: string): Complete =>
    withRetries(
      chatEndpoint({
        baseUrl,
        model,
        apiKeyEnv: execution.api_key_env,
        temperature: teacher.temperature,
        maxTokens: teacher.max_tokens,
        timeoutSeconds: execution.timeout_seconds,
        extra: teacher.guided ? { ...guideFields(kind, guide), ...teacher.extra } : teacher.extra,
      }),
      retriesOf(task, model, execution.retries),
    );
  const { model } = teacher;
  if (typeof model === "string") {
    return {
      complete: (guide) => connect(guide, execution.base_url, model),
      close: () => Promise.resolve(),
    };
  }
  let starting: Promise<KeptServer> | null = null;
  let broken = false;
  return {
    complete: (guide) => {
      let connected: Complete | null = null;
      return async (prompt, abort, room) => {
        const served = await (starting ??= startTeacher(task));
        connected ??= connect(guide, served.baseUrl, served.model);
        try {
          return await Promise.race([connected(prompt, abort, room), served.died]);
        } catch (error) {
          broken ||= !(error instanceof EndpointError && error.kind === "refused");
          throw error;
        }
      };
    },
    close: async () => {
      const served = await starting?.catch(() => null);
      // One that could not be asked to the end is not left for the next stage.
      await (broken ? served?.end() : served?.close());
    },
  };
}
