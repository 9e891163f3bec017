import type { InferTask } from "./engines/engine.js";
import path from "node:path";
import { modelLocation } from "../../base/models/model-input.js";
import { emptyFolder, startServed } from "../../base/chat/served.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { chatAnswerer } from "./chat.js";
import { generationOptions, modelOptions } from "./llamafactory.js";

/**
 * An answerer that starts its own server, asks it, and ends it with all processes that it started.
 */
export async function loadServer(task: InferTask): Promise<Answerer> {
  const execution = task.execution;
  const params = task.params;
  const folder = path.join(task.work, "server");
  await emptyFolder(folder);
  const adapter = adapterFolder(task);
  const served = await startServed(task, {
    command: [...execution.command, ...(adapter === null ? [] : execution.adapter_arguments)],
    values: {
      model: modelLocation("model", params.model, task),
      adapter: adapter ?? "",
    },
    config: {
      ...(await modelOptions(task, folder)),
      infer_backend: "huggingface",
      ...(params.answer.cutoff_len === undefined ? {} : { cutoff_len: params.answer.cutoff_len }),
      ...generationOptions(params),
      ...params.answer.llamafactory,
    },
    folder,
    startTimeoutSeconds: execution.start_timeout_seconds,
    setting: "knowledge.infer.command",
  });
  const chat = chatAnswerer(task, served.baseUrl, execution.model ?? served.model, served.gone);
  return {
    answer: (questions, log, progress) =>
      Promise.race([chat.answer(questions, log, progress), served.died]),
    close: served.close,
  };
}
