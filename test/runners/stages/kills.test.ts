import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasetStage } from "../../../runners/stages/dataset/stage.js";
import { knowledgeStage } from "../../../runners/composition/index.js";
import { science } from "../../../runners/registry.js";
import { splitStage } from "../../../runners/stages/split/stage.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { datasetRequest, graphOf, settingsOf } from "../../support/knowledge/settings.js";
import type { Reply, ScriptedServer, Seen } from "../../support/openai-server.js";
import { scriptedServer } from "../../support/openai-server.js";
import type { StageOutcome, StageSetup } from "../../support/stage.js";
import { newFolder, removeFolders, runStage } from "../../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../support/toolchain.js";
import { prepare, removeFolders as removeData } from "./dataset/stage.js";

/** A model whose answers fit every prompt, and depend on it. */
function reply({ prompt }: Seen): Reply {
  const user = prompt.includes("<User History>");
  const number = prompt.length % 7;
  const verdict = number % 2 === 0 ? "like" : "not like";
  const text = [
    user ? `<User Preference>taste ${number}</User Preference>` : "",
    user ? "" : `<Movie Knowledge>film ${number}</Movie Knowledge>`,
    `<Final Judgement>the ${user ? "user preference" : "movie knowledge"} is not reasonable</Final Judgement>`,
    `<Reflection>too short ${number}</Reflection>`,
    `<Final Verdict>the ${user ? "" : "target "}user will ${verdict} the target movie</Final Verdict>`,
  ];
  return { kind: "text", text: text.join("\n") };
}

let server: ScriptedServer;
let dataset: string;
beforeAll(async () => {
  await testToolchain("tensorflow");
  server = await scriptedServer(reply);
  dataset = (await prepare("ml-100k")).out;
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await server.close();
  await removeFolders();
  await removeData();
});

/** Runs a stage that is stopped again and again, each time some progress later, until it is done. */
async function stopped(setup: StageSetup): Promise<StageOutcome & { readonly attempts: number }> {
  const work = await newFolder();
  for (let attempts = 1; ; attempts++) {
    let reports = 0;
    const outcome = await runStage({
      ...setup,
      work,
      onEvent: (event, drain) => {
        if (event.type !== "progress") return;
        reports += 1;
        if (attempts < 12 && reports >= Math.min(2 * attempts - 1, 5)) drain();
      },
    });
    if (!(outcome.thrown instanceof Drained)) return { ...outcome, attempts };
    expect(attempts).toBeLessThan(12);
  }
}

/** Runs a stage without a stop and with many, and compares all that both say of their result. */
async function compared(setup: StageSetup): Promise<{ out: string; attempts: number }> {
  const whole = await runStage(setup);
  expect(whole.error ?? whole.thrown).toBeUndefined();
  const other = await stopped(setup);
  expect(other.error ?? other.thrown).toBeUndefined();
  expect(other.result).toEqual(whole.result);
  // A stage that keeps nothing for a next attempt cannot say anything else in it.
  if (other.attempts === 1) expect(await readdir(whole.work)).toEqual([]);
  return { out: whole.out, attempts: other.attempts };
}

const setupOf = (
  request: StageRequest,
  inputs: { readonly [name: string]: string },
  own: { readonly params?: JsonObject; readonly execution?: JsonObject } = {},
): StageSetup => ({
  runner: science.runner(request.runner)!,
  params: { ...request.params, ...own.params },
  execution: { ...request.execution, ...own.execution },
  inputs,
  files: Object.fromEntries(Object.entries(request.files).map(([name, file]) => [name, file.path])),
});

describe("metrics and marks of a stage that is stopped again and again are those of one that is not", () => {
  it("teach-think, teach-review, think, reflect, refine, embed, center, control", async () => {
    const teacher = { base_url: server.baseUrl, model: "m", api_key_env: null, concurrency: 1 };
    const settings = settingsOf({
      ...{ variant: "r4ec", users: 9, items: 8, embed: "encoder", control: "shuffled" },
      teacher: { ...teacher, users: 8, items: 6 },
    });
    const asked = { base_url: server.baseUrl, model: "m", api_key_env: null, concurrency: 1 };
    const execution = { ...asked, timeout_seconds: 5, retries: 1 };
    const answer = { engine: "endpoint", max_new_tokens: 64, temperature: 0 };
    const outs = new Map<string, string>();
    const attempts = new Map<string, number>();
    for (const request of graphOf(knowledgeStage(settings, { folder: "/" }, datasetRequest)!)) {
      if (request.runner === "dataset") continue;
      // Their own tests compare a run with a stop and one without.
      if (["finetune", "model"].includes(request.runner)) continue;
      const inputs = Object.fromEntries(
        Object.entries(request.inputs).flatMap(([name, input]) => {
          const folder = input.runner === "dataset" ? dataset : outs.get(input.label);
          return folder === undefined ? [] : [[name, folder]];
        }),
      );
      const asks = ["think", "reflect", "refine"].includes(request.runner);
      const own = asks ? { params: { answer }, execution } : {};
      const one = await compared(setupOf(request, inputs, own));
      outs.set(request.label, one.out);
      attempts.set(request.runner, Math.max(attempts.get(request.runner) ?? 0, one.attempts));
    }
    const kinds = ["teach-think", "teach-review", "think", "reflect", "refine", "embed"];
    for (const kind of kinds) expect([kind, attempts.get(kind)! > 1]).toEqual([kind, true]);
    expect([...attempts.keys()]).toContain("control");
  }, 400_000);

  it("dataset, split, profile, bias", async () => {
    const spec = { dataset: { id: "ml-100k" } };
    await compared(setupOf(datasetStage(spec, { folder: "/" }), {}));
    const split = splitStage({ by: "users", folds: 5, fold: 2 }, datasetRequest);
    const rows = (await compared(setupOf(split, { dataset }))).out;
    const profile = knowledgeStage(
      settingsOf({ variant: "profile" }),
      { folder: "/" },
      datasetRequest,
    )!;
    const text = graphOf(profile).find(({ runner }) => runner === "profile")!;
    await compared(setupOf(text, { dataset }));
    const bias = { runner: science.runner("bias")!, params: {}, inputs: { dataset, split: rows } };
    await compared(bias);
  }, 200_000);
});
