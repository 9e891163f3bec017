import { engineNamed } from "../../base/stage/engine.js";
import { modelLabel } from "../../base/models/model-input.js";
import { adapterIdentity } from "../../base/models/identity.js";
import { adapterFolder } from "./adapter.js";
import type { Answerer } from "./answerer.js";
import type { InferTask } from "./engines/engine.js";
import { inferEngines } from "./engines/index.js";

/** Loads the engine that a stage names, and notes which model answers. */
export async function loadAnswerer(task: InferTask): Promise<Answerer> {
  const { model, answer } = task.params;
  const values = {
    model: modelLabel(model),
    adapter: adapterIdentity(adapterFolder(task)),
    engine: answer.engine,
  };
  task.emit({ type: "facts", values });
  return engineNamed(inferEngines, answer.engine).load(task);
}
