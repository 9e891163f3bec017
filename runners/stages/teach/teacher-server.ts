import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";
import { emptyFolder, OWN_SERVER, startServed, type Served } from "../../base/chat/served.js";
import { modelLabel, modelLocation } from "../../base/models/model-input.js";
import type { ReviewParams, TeachExecution, ThinkParams } from "./settings.js";

/** Starts the teacher's server, where the stage has one of its own. */
export async function startTeacher(
  task: StageTask<ThinkParams | ReviewParams, TeachExecution>,
): Promise<Served> {
  const { teacher } = task.params;
  const { server, start_timeout_seconds, concurrency } = task.execution;
  if (server === null || typeof teacher.model === "string") throw new Error("there is no server");
  const folder = path.join(task.work, "server");
  await emptyFolder(folder);
  const model = modelLocation("model", teacher.model, task);
  task.emit({ type: "facts", values: { teacher: modelLabel(teacher.model) } });
  return startServed(task, {
    command: server === "r4ec" ? [...OWN_SERVER, "--batch", String(concurrency)] : server,
    values: { model },
    config: {
      model_name_or_path: model,
      template: teacher.template ?? "default",
      trust_remote_code: false,
      infer_backend: "huggingface",
    },
    folder,
    startTimeoutSeconds: start_timeout_seconds,
    setting: "knowledge.teacher.server",
  });
}
