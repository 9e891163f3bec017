import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/base/json.js";
import { OWN_SERVER, startServed, type Served } from "../../../../runners/base/chat/served.js";
import { loadAdapter } from "../../../../runners/base/chat/model-server.js";
import { FakeTask } from "../../../support/fake-task.js";
import { newFolder, removeFolders } from "../../../support/stage.js";
import { tinyAdapter, tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

let served: Served;
let adapter: string;
beforeAll(async () => {
  const llmEnvironment = (await testToolchain("llm")).paths.environments["llm"]!;
  const work = await newFolder();
  const model = await tinyQwen2(llmEnvironment, work);
  adapter = await tinyAdapter(llmEnvironment, model, await newFolder());
  const task = new FakeTask({
    ...{ params: {}, execution: {}, out: work, work },
    fingerprint: "5e".repeat(32),
    toolchain: { environments: { llm: llmEnvironment } },
  });
  served = await startServed(
    task,
    {
      command: OWN_SERVER,
      values: { model },
      startTimeoutSeconds: 300,
      setting: "the test's command",
    },
    work,
  );
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await served.close();
  await removeFolders();
});

async function ask(own: JsonObject, prompt = "What does the user like?") {
  const response = await fetch(`${served.baseUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: served.model,
      messages: [{ role: "user", content: prompt }],
      max_tokens: 40,
      ...own,
    }),
  });
  const body = (await response.json()) as {
    error?: { message: string };
    choices?: { message: { content: string }; finish_reason: string }[];
    usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  };
  return {
    status: response.status,
    error: body.error?.message,
    text: body.choices?.[0]?.message.content ?? "",
    finish: body.choices?.[0]?.finish_reason,
    usage: body.usage,
  };
}

const GUIDE = "<A>Likes [^<]+</A>\\n<B>(yes|no|not at all), really</B>";

describe("r4ec's own server", () => {
  it("names its model by the folder", () => {
    expect(served.model).toBe("tiny-qwen2");
  });

  it("takes in an adapter while it runs, and answers by it where it is asked for", async () => {
    const [before, signal] = [await ask({}), new AbortController().signal];
    expect((await ask({ model: "tuned" })).error).toMatch(/there is no model tuned/u);
    await loadAdapter(served, { name: "tuned", folder: adapter }, signal);
    expect((await ask({ model: "tuned" })).text).not.toBe(before.text);
    expect((await ask({})).text).toBe(before.text);
  });

  it("writes what a guide lets through, and nothing else", async () => {
    const { text, usage, finish } = await ask({ guided_regex: GUIDE });
    expect(text).toMatch(/^<A>Likes [^<]+<\/A>\n<B>(?:yes|no|not at all), really<\/B>$/u);
    expect(finish).toBe("stop");
    expect(usage!.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens);
    expect(usage!.completion_tokens).toBeLessThanOrEqual(40);
  });

  it("takes every alternative now and then above temperature 0", { timeout: 120_000 }, async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const { text } = await ask({ guided_regex: "(yes|no)", temperature: 1, seed });
      expect(["yes", "no"]).toContain(text);
      seen.add(text);
    }
    expect(seen.size).toBe(2);
  });

  it("gives the same answer to the same request, sampled or not", async () => {
    for (const own of [{}, { temperature: 1, seed: 7 }, { temperature: 1, guided_regex: GUIDE }]) {
      const [first, second] = [await ask(own), await ask(own)];
      expect(first.text).toBe(second.text);
    }
    const [one, other] = [
      await ask({ temperature: 1, seed: 1 }),
      await ask({ temperature: 1, seed: 2 }),
    ];
    expect(one.text).not.toBe(other.text);
  });

  it("stops at max_tokens and says so", async () => {
    const { usage, finish } = await ask({ max_tokens: 5, temperature: 1, seed: 1 });
    expect(usage!.completion_tokens).toBe(5);
    expect(finish).toBe("length");
  });

  it.each([
    ["a*", /'\*' at 1 is not supported/u],
    ["(a|b", /a group is not closed/u],
    ["\\d", /\\d is not supported/u],
  ])("refuses the guide %s by name", async (guide, message) => {
    const { status, error } = await ask({ guided_regex: guide });
    expect(status).toBe(400);
    expect(error).toMatch(message);
  });

  it("refuses a field that it does not know, by name", async () => {
    const { status, error } = await ask({ stop: ["."] });
    expect(status).toBe(400);
    expect(error).toMatch(/^stop is not supported/u);
  });

  it("refuses what is longer than its context, and no messages", async () => {
    expect(await ask({ max_tokens: 5000 })).toMatchObject({ status: 400 });
    expect((await ask({ messages: [] })).error).toMatch(/messages/u);
  });
});
