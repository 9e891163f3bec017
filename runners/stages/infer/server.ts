import { readFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import { keptServer, type KeptServer } from "../../base/chat/kept.js";
import type { ModelServer } from "../../base/chat/model-server.js";
import { checkModelServer, loadAdapter, modelServer } from "../../base/chat/model-server.js";
import { adapterIdentity } from "../../base/models/identity.js";
import { modelLocation } from "../../base/models/model-input.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { chatAnswerer } from "./chat.js";
import type { InferTask } from "./engines/engine.js";
import { generationOptions, modelOptions } from "./llamafactory.js";

/** An answerer that starts the server of the user's command and asks it. */
export async function loadServer(task: InferTask): Promise<Answerer> {
  const { execution, params } = task;
  const adapter = adapterFolder(task);
  const command = [...execution.command, ...(adapter === null ? [] : execution.adapter_arguments)];
  const values = { model: modelLocation("model", params.model, task), adapter: adapter ?? "" };
  const served = await keptServer(task, {
    command,
    values,
    identity: [command, values, params.answer, params.template],
    config: async (folder) => ({
      ...(await modelOptions(task, folder)),
      infer_backend: "huggingface",
      ...(params.answer.cutoff_len === undefined ? {} : { cutoff_len: params.answer.cutoff_len }),
      ...generationOptions(params),
      ...params.answer.llamafactory,
    }),
    startTimeoutSeconds: execution.start_timeout_seconds,
    setting: "knowledge.infer.command",
    yields: false,
    purpose: "text",
  });
  return asking(task, served, execution.model ?? served.model, null);
}

/** An answerer that starts a server that r4ec knows, and asks it; adapters are loaded while it runs. */
export async function loadModelServer(task: InferTask, kind: ModelServer): Promise<Answerer> {
  const { execution, params } = task;
  checkModelServer(kind, task);
  const folder = adapterFolder(task);
  const options = modelServer(
    kind,
    {
      model: modelLocation("model", params.model, task),
      revision: params.model["revision"] as string | undefined,
      rank: folder === null ? null : await rankOf(folder),
      share: task.resources.gpuShare ?? 1,
      arguments: params.answer.arguments ?? [],
    },
    { startTimeoutSeconds: execution.start_timeout_seconds, setting: "knowledge.infer.engine" },
  );
  const served = await keptServer(task, options);
  if (folder === null) return asking(task, served, served.model, kind);
  const name = `adapter-${adapterIdentity(folder).slice(0, 16)}`;
  try {
    const adapter = { name, folder: path.resolve(folder) };
    await Promise.race([loadAdapter(served, adapter, task.stop.abort), served.died]);
  } catch (error) {
    await served.end();
    throw error;
  }
  return asking(task, served, name, kind);
}

/** Asks a server; one that could not be asked to the end is not left for the next stage. */
function asking(
  task: InferTask,
  served: KeptServer,
  model: string,
  kind: ModelServer | null,
): Answerer {
  const chat = chatAnswerer(task, served.baseUrl, model, {
    gone: served.gone,
    kind,
  });
  let close = served.close;
  return {
    async answer(questions, log, progress) {
      try {
        return await Promise.race([chat.answer(questions, log, progress), served.died]);
      } catch (error) {
        close = served.end;
        throw error;
      }
    },
    close: () => close(),
  };
}

/** Rank of an adapter, as its configuration says. */
async function rankOf(folder: string): Promise<number> {
  const text = await readFile(path.join(folder, "adapter_config.json"), "utf8");
  return Number((JSON.parse(text) as JsonObject)["r"] ?? 0);
}
