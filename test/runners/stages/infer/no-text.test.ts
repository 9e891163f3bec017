import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { inferRunners } from "../../../../runners/stages/infer/runner.js";
import { readTexts } from "../../../../runners/base/artifacts/knowledge.js";
import { knowledgeStage } from "../../../../runners/composition/index.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { RunnerEvent } from "../../../../src/contract/runner.js";
import type { Reply, Seen } from "../../../support/openai-server.js";
import { newFolder, runStage } from "../../../support/stage.js";
import { inferBench } from "../../../support/knowledge/infer.js";
import { datasetRequest, graphOf, settingsOf } from "../../../support/knowledge/settings.js";

/** Prompts of think: three users and twelve items. */
const PROMPTS = 15;

const bench = inferBench();

type Step = "think" | "reflect" | "refine";
interface Options {
  readonly infer?: JsonObject;
  readonly execution?: JsonObject;
  readonly inputs?: { readonly [name: string]: string };
  readonly onEvent?: (event: RunnerEvent, drain: () => void) => void;
}

/** Runs a step by an endpoint that does what a script says. */
async function run(
  step: Step,
  script: (seen: Seen, number: number) => Reply,
  { infer = {}, execution = {}, inputs = {}, onEvent }: Options = {},
) {
  const server = await bench.serve(script);
  const engine = { engine: "endpoint", base_url: server.baseUrl, model: "m", ...infer };
  const variant = step === "think" ? "kar" : "r4ec";
  // Only kar may name an endpoint; the other steps are asked the same way.
  const stage = knowledgeStage(
    settingsOf({ variant, infer: variant === "kar" ? engine : {} }),
    { folder: "/" },
    datasetRequest,
  )!;
  const request = graphOf(stage).find(({ runner }) => runner === step)!;
  const think = graphOf(
    knowledgeStage(settingsOf({ variant: "kar", infer: engine }), { folder: "/" }, datasetRequest)!,
  ).find(({ runner }) => runner === "think")!;
  return runStage({
    runner: inferRunners.find(({ name }) => name === step)!,
    params: { ...request.params, answer: think.params["answer"]! },
    execution: { ...think.execution, concurrency: 1, retries: 0, timeout_seconds: 5, ...execution },
    inputs: { dataset: bench.dataset, ...inputs },
    ...(onEvent === undefined ? {} : { onEvent }),
  });
}

const text = (given: string): Reply => ({ kind: "text", text: given });
const refused = (message: string): Reply => ({ kind: "status", status: 400, message });
const warnings = (events: readonly RunnerEvent[]) =>
  events.flatMap((event) =>
    event.type === "note" && event.severity === "warning" ? [event.message] : [],
  );

describe("refused by all or most is an error in the endpoint's words", () => {
  it.each<[string, Reply]>([
    ["400", refused("this prompt is not to my taste")],
    ["413", { kind: "status", status: 413, message: "this prompt is not to my taste" }],
    ["422", { kind: "status", status: 422, message: "this prompt is not to my taste" }],
    [
      "a model's refusal",
      { kind: "message", message: { content: null, refusal: "this prompt is not to my taste" } },
    ],
    [
      "an error inside a 200",
      { kind: "garbage", body: '{"error":{"message":"this prompt is not to my taste"}}' },
    ],
  ])("%s", async (_, reply) => {
    for (const share of [1, 0.6]) {
      const { result, error } = await run("think", (__, number) =>
        number <= share * PROMPTS ? reply : text("x"),
      );
      expect(result).toBeUndefined();
      expect(error?.kind).toBe("spec");
      expect(error?.message).toContain("this prompt is not to my taste");
      expect(error?.message).toContain(share === 1 ? "none of 15" : "only 6 of 15");
      await bench.server.close();
    }
  });

  it.each<[string, Reply, RegExp]>([
    ["nothing at all", text(""), /none of 15 prompts got a text \(15 empty\)/],
    ["thoughts alone", text("<think>hm"), /15 reasoning\).*enable_thinking/],
    ["cut before a text", { ...text("<think>hm"), finish: "length" } as Reply, /15 cut\).*longer/],
  ])("no text for any prompt: %s", async (_, reply, message) => {
    const { result, error } = await run("think", () => reply);
    expect(result).toBeUndefined();
    expect(error?.message).toMatch(message);
  });

  it("an unsupported parameter ends the stage with the first request", async () => {
    const { error } = await run("think", () =>
      refused("Unsupported parameter: 'max_tokens' is not supported with this model."),
    );
    expect(bench.server.seen).toHaveLength(1);
    expect(error?.message).toContain("Unsupported parameter: 'max_tokens'");
  });

  it("what was refused is asked again by the next attempt, and what was answered is not", async () => {
    await run("think", (_, number) => (number <= 9 ? refused("no") : text("x")));
    await bench.server.close();
    const { result } = await run("think", () => text("y"));
    expect(bench.server.seen).toHaveLength(9);
    expect(result?.metrics["texts.asked"]).toBe(9);
  });

  it("refinements that are mostly refused are an error too", async () => {
    const judged =
      "<Final Judgement>the user preference is not reasonable</Final Judgement><Reflection>too short</Reflection>";
    const thought = await run("think", () => text("thought"));
    await bench.server.close();
    const reflected = await run("reflect", () => text(judged), { inputs: { text: thought.out } });
    await bench.server.close();
    // Ten refusals are enough to judge by; of fewer the text before stands.
    for (const share of [1, 0.7]) {
      const refined = await run(
        "refine",
        (_, number) => (number <= share * PROMPTS ? refused("not to my taste") : text("better")),
        { inputs: { text: reflected.out } },
      );
      expect(refined.result).toBeUndefined();
      expect(refined.error?.message).toContain("not to my taste");
      process.env["R4EC_TEXT_CACHE"] = await newFolder();
      await bench.server.close();
    }
  });

  it("a refinement that is refused leaves the text before it, and is no error", async () => {
    const judged =
      "<Final Judgement>the user preference is not reasonable</Final Judgement><Reflection>too short</Reflection>";
    const thought = await run("think", () => text("thought"));
    await bench.server.close();
    // One text alone is judged unreasonable.
    const reflected = await run(
      "reflect",
      (_, number) => text(number === 1 ? judged : judged.replace("not reasonable", "reasonable")),
      { inputs: { text: thought.out } },
    );
    await bench.server.close();
    const refined = await run("refine", () => refused("no"), { inputs: { text: reflected.out } });
    expect(refined.error).toBeUndefined();
    expect(refined.result?.metrics["answers.without.refused"]).toBe(1);
    expect((await readTexts(refined.out, "users"))[0]!.text).toBe("thought");
    expect(warnings(refined.events)[0]).toContain("got no text");
  });
});

describe("some without a text are counted, named in a warning and marked", () => {
  const shapes: readonly [why: string, reply: Reply][] = [
    ["refused", refused("too long")],
    ["declined", { kind: "message", message: { content: null, refusal: "I would rather not" } }],
    ["filtered", { kind: "message", message: { content: "" }, finish: "content_filter" }],
    ["error", { kind: "garbage", body: '{"error":{"message":"provider failed","code":503}}' }],
    ["reasoning", text("<think>hm")],
    ["cut", { kind: "text", text: "<think>hm", finish: "length" }],
    ["empty", text(" ")],
  ];
  it.each(shapes)("%s", async (why, reply) => {
    // The first prompts are the users'.
    const { result, events, out } = await run("think", (_, number) =>
      number === 2 ? reply : text("x"),
    );
    expect(result?.metrics).toMatchObject({
      "users.asked": 3,
      "users.texts": 2,
      "users.empty": 1,
      [`users.without.${why}`]: 1,
      "users.not_asked": 1,
      "items.asked": 12,
      "items.texts": 12,
    });
    expect(result?.marks).toEqual({
      coverage: `2 of 3 users asked about have a text (1 ${why})`,
    });
    expect(warnings(events)).toEqual([
      expect.stringContaining(`1 of 15 prompts got no text (1 ${why})`),
    ]);
    expect((await readTexts(out, "users")).map(({ index }) => index)).toEqual([1, 3]);
  });

  it("the first refusal's words stand in the warning", async () => {
    const { events } = await run("think", (_, number) =>
      number < 3 ? refused(`too long: ${number}`) : text("x"),
    );
    expect(warnings(events).join()).toContain("too long: 1");
  });

  it("below the share of the setting the mark is a warning", async () => {
    const twoOfThree = (_: Seen, number: number) =>
      number === 2 || number === 3 ? refused("no") : text("x");
    for (const [coverage, warns] of [
      [0.3, false],
      [0.5, true],
    ] as const) {
      const { result } = await run("think", twoOfThree, { execution: { coverage } });
      expect(result?.marks?.["coverage"]?.startsWith("WARNING: 1 of 3 users")).toBe(warns);
      process.env["R4EC_TEXT_CACHE"] = await newFolder();
      await bench.server.close();
    }
  });

  it("all with a text: no mark and no warning", async () => {
    const { result, events } = await run("think", () => text("x"));
    expect(result?.marks).toBeUndefined();
    expect(warnings(events)).toEqual([]);
  });
});

describe("cut answers", () => {
  const cut = (tokens: number): Reply => ({ kind: "text", text: `${tokens}`, finish: "length" });

  it("are counted and used", async () => {
    const { result, events } = await run("think", () => cut(1));
    expect(result?.metrics).toMatchObject({ "answers.cut": 15, "users.texts": 3 });
    expect(warnings(events)).toEqual([expect.stringContaining("15 of 15 texts were cut")]);
  });

  it("are asked again with more room, until they end or the tries do", async () => {
    const infer = { max_new_tokens: 100, cut_tries: 2 };
    const ends = (at: number) => (seen: Seen) => {
      const room = seen.body["max_tokens"] as number;
      return room < at ? cut(room) : text(`whole at ${room}`);
    };
    const { result, out } = await run("think", ends(400), { infer });
    expect(bench.server.seen).toHaveLength(3 * PROMPTS);
    expect(result?.metrics["answers.cut"]).toBe(0);
    expect((await readTexts(out, "users"))[0]!.text).toBe("whole at 400");
    await bench.server.close();
    process.env["R4EC_TEXT_CACHE"] = await newFolder();
    const never = await run("think", ends(9999), { infer });
    expect(bench.server.seen).toHaveLength(3 * PROMPTS);
    expect(never.result?.metrics["answers.cut"]).toBe(15);
    expect((await readTexts(never.out, "users"))[0]!.text).toBe("400");
  });

  it("that are kept count as the first try of a later stage that gives more room", async () => {
    const reply = (seen: Seen) => (seen.body["max_tokens"] === 100 ? cut(100) : text("whole"));
    await run("think", reply, { infer: { max_new_tokens: 100 } });
    await bench.server.close();
    const { out } = await run("think", reply, { infer: { max_new_tokens: 100, cut_tries: 1 } });
    expect(bench.server.seen.map(({ body }) => body["max_tokens"])).toEqual(
      Array<number>(PROMPTS).fill(200),
    );
    expect((await readTexts(out, "items"))[0]!.text).toBe("whole");
  });

  it("without a text are kept for nothing: the prompt is asked again", async () => {
    const thinking: Reply = { kind: "text", text: "<think>hm", finish: "length" };
    await run("think", () => thinking);
    expect(readdirSync(path.join(process.env["R4EC_TEXT_CACHE"]!))).toHaveLength(1);
    await bench.server.close();
    const { result } = await run("think", () => text("x"));
    expect(bench.server.seen).toHaveLength(PROMPTS);
    expect(result?.metrics["users.texts"]).toBe(3);
  });
});

it("infer.extra reaches the request, and decides what is kept", async () => {
  const extra = { temperature: null, max_tokens: null, max_completion_tokens: 7 };
  await run("think", () => text("x"), { infer: { extra } });
  const body = Object.fromEntries(
    Object.entries(bench.server.seen[0]!.body).filter(([name]) => name !== "messages"),
  );
  expect(body).toEqual({ model: "m", max_completion_tokens: 7, stream: false });
  await bench.server.close();
  await run("think", () => text("x"), { infer: { extra: { ...extra, max_completion_tokens: 8 } } });
  expect(bench.server.seen).toHaveLength(PROMPTS);
});

it("a stop ends the wait for a busy endpoint", async () => {
  const start = Date.now();
  const { thrown } = await run(
    "think",
    () => ({ kind: "status", status: 429, headers: { "retry-after": "300" } }),
    {
      execution: { retries: 5, concurrency: 3 },
      onEvent: (event, drain) => {
        if (event.type === "note") setTimeout(drain, 50);
      },
    },
  );
  expect(String(thrown)).toMatch(/stopped at a checkpoint/);
  expect(Date.now() - start).toBeLessThan(20_000);
});
