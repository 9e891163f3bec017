import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import type { Runner } from "../../../src/contract/runner.js";
import { keyNamedBy } from "../../base/chat/key-variable.js";
import { cardsAsked } from "../../base/stage/gpus.js";
import type { TeachExecution } from "./settings.js";
import { estimateReview, estimateThink } from "./estimate.js";

/** True where the stage serves its teacher itself. */
const isServed = (params: JsonObject): boolean =>
  isJsonObject((params["teacher"] as JsonObject)["model"]!);

const runner = (
  name: string,
  version: number,
  estimate: NonNullable<Runner["estimate"]>,
  load: Runner["load"],
): Runner => ({
  name,
  version,
  toolchain: (params) => (isServed(params) ? ["llm.serve"] : []),
  // At an endpoint the work is the endpoint's, and a slot is held only so that two teachers do not
  // share one rate limit.
  resources: (params, execution) =>
    isServed(params)
      ? { cpus: 4, ...cardsAsked((execution as TeachExecution).gpus) }
      : { cpus: 1, gpus: 0 },
  variables: keyNamedBy("knowledge.teacher.api_key_env"),
  estimate,
  load,
});

/** teach-think and teach-review. */
export const teachRunners: readonly Runner[] = [
  runner(
    "teach-think",
    3,
    estimateThink,
    async () => (await import("./program.js")).programs["teach-think"],
  ),
  runner(
    "teach-review",
    4,
    estimateReview,
    async () => (await import("./program.js")).programs["teach-review"],
  ),
];
