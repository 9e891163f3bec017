import { appendFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { inferRunners } from "../../../../runners/stages/infer/runner.js";
import type { KnowledgeLine } from "../../../../runners/base/artifacts/texts.js";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { knowledgeStage } from "../../../../runners/composition/index.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { RunnerEvent } from "../../../../src/contract/runner.js";
import type { Reply } from "../../../support/openai-server.js";
import { runStage } from "../../../support/stage.js";
import { inferBench } from "../../../support/knowledge/infer.js";
import { datasetRequest, graphOf, settingsOf } from "../../../support/knowledge/settings.js";

const runnerOf = (name: string) => inferRunners.find((runner) => runner.name === name)!;

/** Params of a step as the plan makes them, with an endpoint as engine. */
function paramsOf(step: "think" | "reflect" | "refine", own: JsonObject = {}): JsonObject {
  const settings = settingsOf({ variant: "r4ec", ...own });
  const stage = knowledgeStage(settings, { folder: "/" }, datasetRequest)!;
  const { params } = graphOf(stage).find(({ runner }) => runner === step)!;
  const answer = { engine: "endpoint", max_new_tokens: 64, temperature: 0 };
  return { ...params, answer };
}

describe("think, reflect and refine", () => {
  const bench = inferBench();

  const run = (
    step: "think" | "reflect" | "refine",
    inputs: { readonly [name: string]: string } = {},
    options: {
      readonly params?: JsonObject;
      readonly execution?: JsonObject;
      readonly onEvent?: (event: RunnerEvent, drain: () => void) => void;
    } = {},
  ) =>
    runStage({
      runner: runnerOf(step),
      params: options.params ?? paramsOf(step),
      execution: {
        prompts: null,
        base_url: bench.server.baseUrl,
        model: "scripted",
        api_key_env: null,
        concurrency: 1,
        timeout_seconds: 5,
        retries: 2,
        ...options.execution,
      },
      inputs: { dataset: bench.dataset, ...inputs },
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    });
  const linesOf = async (folder: string, side: "users" | "items") =>
    (await readTexts(folder, side)) as unknown as readonly KnowledgeLine[];
  const text = (given: string): Reply => ({ kind: "text", text: given });
  const judged = (verdict: string, reflection: string): Reply =>
    text(
      `<Final Judgement>the user preference is ${verdict}</Final Judgement><Reflection>${reflection}</Reflection>`,
    );

  it("thinks about every user with a history and every item, in the form without a target", async () => {
    await bench.serve(({ prompt }) => text(`  about ${prompt.length} characters `));
    const { out, result } = await run("think");
    const users = await linesOf(out, "users");
    expect(users.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(users[0]!.text).toMatch(/^about \d+ characters$/);
    expect(users[0]!.history).toEqual([{ step: "think", text: users[0]!.text }]);
    expect((await linesOf(out, "items")).length).toBe(12);
    expect(result?.metrics).toEqual({
      "texts.asked": 15,
      "cost.kept": 0,
      "answers.cut": 0,
      "users.asked": 3,
      "users.not_asked": 1,
      "items.asked": 12,
      "items.not_asked": 0,
      "users.texts": 3,
      "users.empty": 0,
      "items.texts": 12,
      "items.empty": 0,
    });
    expect(result?.marks).toBeUndefined();
    for (const { prompt } of bench.server.seen) expect(prompt).not.toMatch(/Final Verdict/);
    // Position 10 of user 1 is film 11 and position 11 is film 12.
    const [first] = bench.server.seen;
    expect(first!.prompt).toContain("Film 10 (1990)");
    expect(first!.prompt).not.toMatch(/Film 1[12] /);
  });

  it("counts answers without a text and leaves them out", async () => {
    await bench.serve((_, number) => text(number % 2 === 0 ? " " : "something"));
    const { out, result } = await run("think");
    expect((await linesOf(out, "users")).map(({ index }) => index)).toEqual([1, 3]);
    expect(result?.metrics).toMatchObject({ "users.texts": 2, "users.empty": 1, "items.empty": 6 });
  });

  it("marks item prompts that look at all training positions", async () => {
    await bench.serve(() => text("x"));
    const { result } = await run(
      "think",
      {},
      { params: paramsOf("think", { item_raters: "train" }) },
    );
    expect(result?.marks).toEqual({
      leak: "item prompts show raters chosen from training positions",
    });
  });

  it("limits users and items by seed, a larger limit keeping what a smaller one chose", async () => {
    await bench.serve(() => text("x"));
    const chosen = async (limits: JsonObject) => {
      const { out, result } = await run("think", {}, { params: paramsOf("think", limits) });
      const indexes = (await linesOf(out, "items")).map(({ index }) => index);
      return { indexes, asked: result!.metrics["texts.asked"] };
    };
    const few = await chosen({ users: 1, items: 3 });
    const more = await chosen({ users: 1, items: 6 });
    expect(few.indexes).toHaveLength(3);
    expect(more.indexes).toEqual(expect.arrayContaining([...few.indexes]));
    // What the smaller limit asked is not asked again.
    expect([few.asked, more.asked]).toEqual([4, 3]);
  });

  it("judges, refines only what is unreasonable, and keeps how a text came to be", async () => {
    await bench.serve(({ prompt }) => {
      if (prompt.includes("Final Judgement")) {
        if (prompt.includes("first thought 1")) return judged("not reasonable", "too short");
        if (prompt.includes("first thought 2")) return judged("reasonable", "");
        if (prompt.includes("first thought 3")) return text("I cannot say.");
        return judged("reasonable", "");
      }
      if (prompt.includes("too short")) return text("second thought 1");
      const user = /<User History>\["Film (\d+) /u.exec(prompt)?.[1];
      return text(`first thought ${user ?? "about an item"}`);
    });
    const thought = await run("think");
    const reflected = await run("reflect", { text: thought.out });
    expect(reflected.result?.metrics).toMatchObject({
      "users.reasonable": 1,
      "users.unreasonable": 1,
      "users.unreadable": 1,
    });
    const before = bench.server.seen.length;
    const refined = await run("refine", { text: reflected.out });
    expect(bench.server.seen.length - before).toBe(1);
    expect(refined.result?.metrics).toMatchObject({
      "users.refined": 1,
      "users.texts": 3,
      "items.refined": 0,
    });
    const users = await linesOf(refined.out, "users");
    expect(users.map((line) => line.text)).toEqual([
      "second thought 1",
      "first thought 2",
      "first thought 3",
    ]);
    expect(users[0]!.history).toEqual([
      { step: "think", text: "first thought 1" },
      { step: "reflect", iteration: 1, verdict: "not reasonable", reflection: "too short" },
      { step: "refine", iteration: 1, text: "second thought 1" },
    ]);
    expect(users[2]!.history[1]).toEqual({
      step: "reflect",
      iteration: 1,
      verdict: "unreadable",
      reflection: "I cannot say.",
      reason: "no judgement",
    });
    // A second iteration judges anew what has changed; the others' judgements are kept.
    const asked = bench.server.seen.length;
    const again = await run("reflect", { text: refined.out });
    expect(bench.server.seen.length - asked).toBe(1);
    expect((await linesOf(again.out, "users"))[0]!.history.at(-1)).toMatchObject({ iteration: 2 });
  });

  it("keeps the text before where refining gives none", async () => {
    await bench.serve(({ prompt }) => {
      if (prompt.includes("Final Judgement")) return judged("not reasonable", "wrong");
      return text(prompt.includes("wrong") ? "" : "thought");
    });
    const thought = await run("think");
    const reflected = await run("reflect", { text: thought.out });
    const refined = await run("refine", { text: reflected.out });
    expect(refined.result?.metrics).toMatchObject({ "users.empty": 3, "users.refined": 0 });
    expect((await linesOf(refined.out, "users"))[0]!.text).toBe("thought");
  });

  it("goes on from the answer it stopped at", async () => {
    await bench.serve(() => text("x"));
    const stopped = await run(
      "think",
      {},
      {
        onEvent: (event, drain) => {
          if (event.type === "progress" && event.done === 6) drain();
        },
      },
    );
    expect(String(stopped.thrown)).toMatch(/stopped at a checkpoint/);
    const before = bench.server.seen.length;
    expect(before).toBeLessThan(15);
    const { result } = await run("think");
    expect(result?.metrics["texts.asked"]).toBe(15 - before);
    expect(bench.server.seen).toHaveLength(15);
    // No prompt was sent twice.
    expect(new Set(bench.server.seen.map(({ prompt }) => prompt)).size).toBe(15);
  });

  it("passes over a line that a kill tore and asks for that answer alone", async () => {
    await bench.serve(() => text("x"));
    await run("think");
    const cache = process.env["R4EC_TEXT_CACHE"]!;
    const [folder] = readdirSync(cache);
    const [file] = readdirSync(path.join(cache, folder!));
    appendFileSync(path.join(cache, folder!, file!), `{"key": "abc", "te`);
    const again = await run("think");
    expect(again.result?.metrics["texts.asked"]).toBe(0);
  });

  it("asks again after faults that may pass, and keeps what it has after one that may not", async () => {
    const faults: readonly Reply[] = [
      { kind: "status", status: 500 },
      { kind: "cut" },
      { kind: "garbage", body: "{}" },
      { kind: "status", status: 429, headers: { "retry-after": "0" } },
    ];
    await bench.serve((_, number) =>
      number % 2 === 0 ? faults[(number / 2 - 1) % 4]! : text("x"),
    );
    const { result } = await run("think");
    expect(result?.metrics["texts.asked"]).toBe(15);
    await bench.server.close();
    await bench.serve((_, number) => (number > 3 ? { kind: "status", status: 403 } : text("y")));
    const params = paramsOf("think", { seed: 2, history: 4 });
    const { error } = await run("think", {}, { params });
    expect(error?.kind).toBe("spec");
    await bench.server.close();
    await bench.serve(() => text("y"));
    const resumed = await run("think", {}, { params });
    expect(resumed.result?.metrics["texts.asked"]).toBe(12);
  });

  it("takes the first model that the endpoint lists", async () => {
    await bench.serve(({ path: where }) =>
      where.endsWith("/models")
        ? { kind: "garbage", body: JSON.stringify({ data: [{ id: "listed", object: "model" }] }) }
        : text("x"),
    );
    await run("think", {}, { execution: { model: null } });
    expect(bench.server.seen.at(-1)!.model).toBe("listed");
  });
});
