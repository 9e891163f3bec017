import type { StageTask } from "../../../src/contract/runner.js";
import { adapterIdentity } from "../../base/models/identity.js";
import { modelLabel } from "../../base/models/model-input.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import { loadEndpoint } from "./chat.js";
import { loadLlamaFactory } from "./llamafactory.js";
import { loadServer } from "./server.js";
import type { InferParams } from "./settings.js";

/** Loads the engine that a stage names. */
export async function loadAnswerer(task: StageTask): Promise<Answerer> {
  const { model, answer } = task.params as unknown as InferParams;
  task.emit({
    type: "facts",
    values: {
      model: modelLabel(model),
      adapter: adapterIdentity(adapterFolder(task)),
      engine: answer.engine,
    },
  });
  switch (answer.engine) {
    case "llamafactory":
      return loadLlamaFactory(task);
    case "endpoint":
      return loadEndpoint(task);
    case "server":
      return loadServer(task);
  }
}
