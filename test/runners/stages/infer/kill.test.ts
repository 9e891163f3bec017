import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { knowledgeStage } from "../../../../runners/composition/index.js";
import type { RunnerEvent, StageResult } from "../../../../src/contract/runner.js";
import type { ScriptedServer } from "../../../support/openai-server.js";
import { scriptedServer } from "../../../support/openai-server.js";
import { newFolder, removeFolders } from "../../../support/stage.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import { datasetRequest, graphOf, settingsOf } from "../../../support/knowledge/settings.js";

const WORKER = fileURLToPath(
  new URL("../../../support/knowledge/think-worker.mjs", import.meta.url),
);
const PROGRAMS = new URL("../../../../dist/runners/stages/infer/program.js", import.meta.url).href;

/** A line of what the worker says. */
type Said = { readonly event?: RunnerEvent; readonly result?: StageResult };

const ITEMS = 200;

describe("a think stage that is killed", () => {
  let dataset: string;
  let server: ScriptedServer;
  let work: string;

  beforeAll(async () => {
    const items = Array.from({ length: ITEMS }, (_, item) => ({ title: `Film ${item + 1}` }));
    dataset = await writeDataset({ users: [], items });
  });
  beforeEach(async () => {
    work = await newFolder();
    server = await scriptedServer(({ prompt }) => ({
      kind: "text",
      text: `about ${/Film \d+/u.exec(prompt)![0]}`,
    }));
  });
  afterAll(removeFolders);

  const start = async (concurrency: number) => {
    const settings = settingsOf({
      variant: "kar",
      infer: { engine: "endpoint", base_url: server.baseUrl, model: "m", concurrency },
    });
    const [, stage] = graphOf(knowledgeStage(settings, { folder: "/" }, datasetRequest)!);
    const out = await newFolder();
    const task = {
      fingerprint: "a".repeat(64),
      label: "think",
      params: stage!.params,
      execution: stage!.execution,
      inputs: { dataset },
      files: {},
      out,
      work,
      resources: { gpus: [], threads: 1 },
      toolchain: { environments: {} },
    };
    const child = execa(process.execPath, [WORKER, PROGRAMS, "think", JSON.stringify(task)], {
      reject: false,
      buffer: false,
      env: { R4EC_TEXT_CACHE: "" },
    });
    return { child, out };
  };

  it("goes on at the next text, time after time, asking nothing twice", async () => {
    // Killed after 30 answers, then after 60, ...: whatever it was doing at that moment.
    const concurrency = 3;
    for (const kill of [30, 60, 61, 150]) {
      const { child } = await start(concurrency);
      for await (const line of child) {
        const { event } = JSON.parse(line) as Said;
        if (event?.type === "progress" && event.done >= kill) child.kill("SIGKILL");
      }
      expect((await child).signal).toBe("SIGKILL");
    }
    const { child, out } = await start(concurrency);
    const said: Said[] = [];
    for await (const line of child) said.push(JSON.parse(line) as Said);
    expect((await child).exitCode).toBe(0);
    const first = said.find(({ event }) => event?.type === "progress")!.event;
    expect(first).toMatchObject({ total: ITEMS });
    expect((first as { done: number }).done).toBeGreaterThanOrEqual(150);
    const texts = await readTexts(out, "items");
    expect(texts.map(({ text }) => text)).toEqual(
      Array.from({ length: ITEMS }, (_, item) => `about Film ${item + 1}`),
    );
    const asked = server.seen.length;
    // A run without a kill says the same.
    const result = said.find((each) => each.result !== undefined)!.result;
    work = await newFolder();
    let whole: StageResult | undefined;
    const { child: other } = await start(concurrency);
    for await (const line of other) whole = (JSON.parse(line) as Said).result ?? whole;
    expect(whole?.metrics["texts.asked"]).toBe(ITEMS);
    expect(result).toEqual(whole);
    // Only what was under way at a kill can have been asked twice.
    expect(asked).toBeLessThanOrEqual(ITEMS + 4 * concurrency);
    await server.close();
  });
});
