import type { StageTask } from "../../../src/contract/runner.js";
import { keptServer, type KeptServer } from "../../base/chat/kept.js";
import { checkModelServer, modelServer } from "../../base/chat/model-server.js";
import { modelLabel, modelLocation } from "../../base/models/model-input.js";
import type { ReviewParams, TeachExecution, ThinkParams } from "./settings.js";

/** The teacher's server, where r4ec serves it: the one of the stage before, or a new one. */
export async function startTeacher(
  task: StageTask<ThinkParams | ReviewParams, TeachExecution>,
): Promise<KeptServer> {
  const { teacher } = task.params;
  const { server, start_timeout_seconds: startTimeoutSeconds } = task.execution;
  if (server === null || typeof teacher.model === "string") throw new Error("there is no server");
  const model = modelLocation("model", teacher.model, task);
  task.emit({ type: "facts", values: { teacher: modelLabel(teacher.model) } });
  const common = { startTimeoutSeconds, setting: "knowledge.teacher.server" };
  if (typeof server === "string") {
    checkModelServer(server, task);
    const revision = teacher.model["revision"] as string | undefined;
    const share = task.resources.gpuShare ?? 1;
    const served = { model, revision, rank: null, share, arguments: [] };
    return keptServer(task, modelServer(server, served, common));
  }
  const template = teacher.template ?? "default";
  return keptServer(task, {
    ...common,
    command: server,
    values: { model },
    identity: [server, model, template],
    config: () =>
      Promise.resolve({
        model_name_or_path: model,
        template,
        trust_remote_code: false,
        infer_backend: "huggingface",
      }),
    yields: false,
    purpose: "text",
  });
}
