import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inferRunners } from "../../../../runners/stages/infer/runner.js";
import { endKeptServers } from "../../../../runners/base/chat/kept.js";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { knowledgeStage } from "../../../../runners/composition/index.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { StageOutcome } from "../../../support/stage.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { tinyAdapter, tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";
import type { Rated } from "../../../support/knowledge/dataset.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import { runningIn } from "../../../support/knowledge/processes.js";
import { datasetRequest, graphOf, settingsOf } from "../../../support/knowledge/settings.js";

const think = inferRunners.find(({ name }) => name === "think")!;
/** Working folders of this process's servers. */
const serversThere = () =>
  runningIn(path.join(tmpdir(), "r4ec-server-")).filter(
    (pid) =>
      /^PPid:\t(\d+)$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ===
      String(process.pid),
  );
const items = Array.from({ length: 12 }, (_, item) => ({ title: `Film ${item + 1} (1990)` }));

describe("engines with a real model: a tiny random Qwen2", () => {
  let environment: string;
  let model: string;
  let adapter: string;
  let dataset: string;
  let tuned: StageOutcome;

  beforeAll(async () => {
    environment = (await testToolchain("llm")).paths.environments["llm"]!;
    // A folder with a space, which torchrun and shells trip over.
    const folder = path.join(await newFolder(), "with space");
    mkdirSync(folder);
    model = await tinyQwen2(environment, folder);
    adapter = await tinyAdapter(environment, model, await newFolder());
    const history = items.map((_, item): Rated => [item + 1, (item % 5) + 1]);
    dataset = await writeDataset({ users: [history, history.slice(3)], items });
  }, INSTALL_TIMEOUT);
  afterAll(async () => {
    await endKeptServers();
    await removeFolders();
  });

  const run = async (
    infer: JsonObject,
    options: { readonly adapter?: string; readonly work?: string; readonly items?: number } = {},
  ) => {
    const actor = { name: model };
    const settings = settingsOf({ variant: "kar", actor, items: options.items ?? 3, infer });
    const place = { folder: "/" };
    const [, stage] = graphOf(knowledgeStage(settings, place, datasetRequest)!);
    return runStage({
      runner: think,
      params: stage!.params,
      execution: stage!.execution,
      inputs: { dataset, ...(options.adapter === undefined ? {} : { adapter: options.adapter }) },
      files: Object.fromEntries(
        Object.entries(stage!.files).map(([name, file]) => [name, file.path]),
      ),
      toolchain: { environments: { llm: environment } },
      fingerprint: "ab".repeat(32),
      ...(options.work === undefined ? {} : { work: options.work }),
    });
  };
  const short = { max_new_tokens: 12, cutoff_len: 1024 };
  const texts = async (out: string) =>
    [...(await readTexts(out, "users")), ...(await readTexts(out, "items"))].map(
      ({ text }) => text,
    );

  it("LLaMA-Factory predicts, nothing is asked twice, and an adapter changes the answers", async () => {
    const work = await newFolder();
    const infer = { engine: "llamafactory", ...short, batch_size: 2 };
    const base = await run(infer, { work });
    expect(base.error).toBeUndefined();
    expect(base.result?.metrics["texts.asked"]).toBe(5);
    // Whatever the batches were, what has been answered is not asked again.
    const again = await run({ ...infer, batch_size: 5 }, { work });
    const begun = again.events.find(({ type }) => type === "progress");
    expect(begun).toMatchObject({ done: 5, total: 5 });
    tuned = await run({ ...infer, batch_size: 5 }, { work, adapter });
    expect(tuned.error).toBeUndefined();
    expect(tuned.result?.metrics["texts.asked"]).toBe(5);
    expect(await texts(tuned.out)).not.toEqual(await texts(base.out));
  }, 600_000);

  it("tells the last words of LLaMA-Factory", async () => {
    const infer = { engine: "llamafactory", ...short, llamafactory: { bogus_key: 1 } };
    const { error, result } = await run(infer);
    expect(result).toBeUndefined();
    // Another try would end in the same way.
    expect(error?.kind).toBe("spec");
    expect(error?.message).toMatch(/bogus_key/);
  }, 300_000);

  it("a server of our own is started, asked and ended, and answers as batch prediction does", async () => {
    const work = await newFolder();
    const server = await run({ engine: "server", ...short, concurrency: 2 }, { adapter, work });
    expect(server.error).toBeUndefined();
    expect(await texts(server.out)).toEqual(await texts(tuned.out));
    expect(runningIn(work)).toEqual([]);
  }, 600_000);

  it("r4ec's own server needs no command, and the base model and adapters share one", async () => {
    const asked = { engine: "r4ec", max_new_tokens: 12 };
    const base = await run(asked);
    expect(base.error).toBeUndefined();
    const servers = serversThere();
    const adapted = await run(asked, { adapter });
    expect(adapted.error).toBeUndefined();
    expect(serversThere()).toEqual(servers);
    expect(servers.length).toBe(1);
    expect(await texts(adapted.out)).not.toEqual(await texts(base.out));
    // Answers are those of a server that is told of the adapter at its start.
    const command = ["python", "{serve}", "--model", "{model}", "--port", "{port}"];
    const adapter_arguments = ["--adapter", "{adapter}"];
    const told = await run(
      { engine: "server", ...short, command, adapter_arguments },
      { adapter, work: await newFolder() },
    );
    expect(await texts(told.out)).toEqual(await texts(adapted.out));
  }, 600_000);

  it("says what to do where the environment has no vLLM", async () => {
    const { error } = await run({ engine: "vllm" });
    expect(error?.message).toMatch(/vllm.*engine r4ec/su);
  });

  it("tells the last words of a server that does not come up", async () => {
    const work = await newFolder();
    const command = ["python", "-c", "raise ValueError('no such model')"];
    const { error, events } = await run({ engine: "server", ...short, command }, { work });
    // The journal says whose program it was.
    const facts = events.flatMap((event) => (event.type === "facts" ? [event.values] : []));
    expect(Object.assign({}, ...facts)).toMatchObject({
      "server.program": path.join(environment, "bin", "python"),
      "server.found": "the llm environment",
    });
    expect(error?.message).toMatch(/the server .* ValueError: no such model/);
    const asleep = ["python", "-c", "import time; time.sleep(600)"];
    const late = await run(
      { engine: "server", ...short, command: asleep, start_timeout_seconds: 1 },
      { work },
    );
    expect(late.error?.message).toMatch(/did not answer/);
    expect(runningIn(work)).toEqual([]);
  }, 300_000);
});
