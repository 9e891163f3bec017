import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/base/json.js";
import { Drained } from "../../../../src/contract/runner.js";
import { readDataset, readItems } from "../../../../runners/base/artifacts/dataset.js";
import { readJsonl } from "../../../../runners/base/files/jsonl.js";
import { retryAfterOf } from "../../../../runners/base/chat/endpoint-error.js";
import { teachRunners } from "../../../../runners/stages/teach/runner.js";
import { teachStages } from "../../../../runners/stages/teach/stage.js";
import type { Sample } from "../../../../runners/base/artifacts/samples.js";
import type { TeacherSettings } from "../../../../runners/stages/teach/settings.js";
import { datasetRequest } from "../../../support/knowledge/settings.js";
import { prepare, removeFolders as removeData } from "../dataset/stage.js";
import {
  type Reply,
  scriptedServer,
  type ScriptedServer,
  type Seen,
} from "../../../support/openai-server.js";
import { newFolder, removeFolders, runStage, type StageSetup } from "../../../support/stage.js";

const KEY = "sk-secret-of-the-test-7f3a";
process.env["R4EC_TEST_KEY"] = KEY;

let dataset: string;
beforeAll(async () => {
  dataset = (await prepare("ml-100k")).out;
});
afterAll(async () => {
  await removeFolders();
  await removeData();
});
const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(script: (seen: Seen, number: number) => Reply | Promise<Reply>) {
  const server = await scriptedServer(script);
  servers.push(server);
  return server;
}

function teacher(baseUrl: string, own: Partial<TeacherSettings> = {}): TeacherSettings {
  return {
    base_url: baseUrl,
    model: "scripted",
    api_key_env: "R4EC_TEST_KEY",
    server: null,
    guided: false,
    temperature: 0,
    max_tokens: 300,
    extra: {},
    users: 12,
    items: 8,
    readable_tries: 2,
    balance: 1,
    concurrency: 4,
    timeout_seconds: 5,
    retries: 4,
    budget: { tokens: null, usd: null },
    prices: { prompt: 1, completion: 2 },
    ...own,
  };
}

function setupOf(step: "think" | "review", settings: TeacherSettings): StageSetup {
  const stages = teachStages(
    {
      history: 10,
      item_raters: "early",
      seed: 1,
      teacher: settings,
      domain: "movie",
      prompts: null,
      place: { folder: "/" },
    },
    datasetRequest,
  );
  const request = stages[step];
  return {
    runner: teachRunners.find((runner) => runner.name === request.runner)!,
    params: request.params,
    execution: request.execution,
    inputs: { dataset },
  };
}

const asUser = (prompt: string) => prompt.includes("<User History>");
const knowledgeOf = (prompt: string, text: string) =>
  asUser(prompt)
    ? `<User Preference>${text}</User Preference>`
    : `<Movie Knowledge>${text}</Movie Knowledge>`;
const verdict = (prompt: string, likes: boolean) =>
  `<Final Verdict>the ${asUser(prompt) ? "" : "target "}user will ${likes ? "" : "not "}like the target movie</Final Verdict>`;

/** A teacher that always says "will like", reflects, and on refining says "will not like". */
function optimist({ prompt }: Seen): Reply {
  if (prompt.includes("<Final Judgement>")) {
    const what = asUser(prompt) ? "user preference" : "movie knowledge";
    return {
      kind: "text",
      text: `<Final Judgement>the ${what} is not reasonable</Final Judgement><Reflection>looks at likes alone</Reflection>`,
    };
  }
  const refining = prompt.includes("<Reflection>");
  const text = refining ? "a rewritten description" : "a first description";
  return { kind: "text", text: `${knowledgeOf(prompt, text)}\n${verdict(prompt, !refining)}` };
}

const samplesOf = async (folder: string, name: string): Promise<Sample[]> =>
  JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as Sample[];
async function linesOf(file: string): Promise<JsonObject[]> {
  const lines: JsonObject[] = [];
  for await (const { value } of readJsonl(file)) lines.push(value as JsonObject);
  return lines;
}

test("verdicts are checked against the true label, and that sorts the answers into classes", async () => {
  const server = await serve(optimist);
  const think = await runStage(setupOf("think", teacher(server.baseUrl)));
  expect(think.thrown ?? think.error).toBeUndefined();
  const { interactionRating, offsets } = await readDataset(dataset);
  const answers = await linesOf(join(think.out, "answers.jsonl"));
  expect(answers).toHaveLength(20);
  for (const answer of answers) {
    const likes = interactionRating[offsets[answer["user"] as number]! + 10]! > 3;
    expect(answer["likes"]).toBe(likes);
    expect(answer["outcome"]).toBe(likes ? "right" : "wrong");
  }
  const right = answers.filter((answer) => answer["outcome"] === "right").length;
  const wrong = answers.length - right;
  expect(Math.min(right, wrong)).toBeGreaterThan(2);
  const thinking = await samplesOf(think.out, "thinking");
  expect(thinking).toHaveLength(right);
  expect(new Set(thinking.map((each) => each.output))).toEqual(new Set(["a first description"]));

  const setup = setupOf("review", teacher(server.baseUrl));
  const review = await runStage({ ...setup, inputs: { dataset, think: think.out } });
  expect(review.thrown ?? review.error).toBeUndefined();
  const reflection = await samplesOf(review.out, "reflection");
  const refinement = await samplesOf(review.out, "refinement");
  // Refining says "will not like", which is right for just the wrong ones.
  expect(refinement).toHaveLength(wrong);
  expect(reflection.filter((each) => each.output.includes("is not reasonable"))).toHaveLength(
    wrong,
  );
  expect(reflection.filter((each) => each.output.includes("is reasonable"))).toHaveLength(
    Math.min(right, wrong),
  );
  expect(review.result?.metrics).toMatchObject({
    "samples.reflection": reflection.length,
    "samples.refinement": wrong,
  });
  const info = JSON.parse(
    await readFile(join(review.out, "dataset_info.json"), "utf8"),
  ) as JsonObject;
  expect(Object.keys(info).sort()).toEqual(["refinement", "reflection"]);
  // What a student is asked holds no target.
  for (const each of [...thinking, ...reflection, ...refinement]) {
    expect(each.instruction).not.toContain("Target User History");
    if (each.instruction.includes("<User History>"))
      expect(each.instruction).not.toContain("<Target");
  }
});

test("answers that give the target away become no samples", async () => {
  const items = await readItems(dataset);
  const { interactionItem, offsets } = await readDataset(dataset);
  const server = await serve(({ prompt }) => {
    const title = /<Target Movie>(.*)<\/Target Movie>/u.exec(prompt)?.[1] ?? "";
    const tell = asUser(prompt)
      ? `wants things like ${title.replace(/ \(\d+\)$/u, "")}.`
      : "The target user is picky.";
    return { kind: "text", text: `${knowledgeOf(prompt, tell)}${verdict(prompt, true)}` };
  });
  const think = await runStage(setupOf("think", teacher(server.baseUrl)));
  expect((await samplesOf(think.out, "thinking")).length).toBeLessThanOrEqual(1);
  const titleOf = (row: number) => items[interactionItem[row]! - 1]!.title;
  for (const answer of await linesOf(join(think.out, "answers.jsonl"))) {
    const first = offsets[answer["user"] as number]!;
    // ML-100K has a few films twice: one that the history shows may be named.
    const shown = Array.from({ length: 10 }, (_, position) => titleOf(first + position));
    const may = answer["subject"] === "user" && shown.includes(titleOf(first + 10));
    expect(answer["namesTarget"], JSON.stringify(answer)).toBe(!may);
  }
});

test("a wrong thought, a reflection or a refinement that gives the target away becomes no sample", async () => {
  // One answer in three of every step names the target.
  const server = await serve((seen) => {
    const { prompt } = seen;
    const title = /<Target Movie>(.*)<\/Target Movie>/u.exec(prompt)?.[1];
    const target = asUser(prompt) ? title! : "the target user";
    const reply = optimist(seen);
    const tells = createHash("sha256").update(prompt).digest()[0]! % 3 === 0;
    if (!tells || reply.kind !== "text") return reply;
    const told = /description|looks at likes alone/u;
    return {
      kind: "text",
      text: reply.text.replace(told, (all) => `${all}, telling of ${target}`),
    };
  });
  const settings = teacher(server.baseUrl, { users: 60, items: 40 });
  const think = await runStage(setupOf("think", settings));
  const asked = server.seen.length;
  const setup = setupOf("review", settings);
  const review = await runStage({ ...setup, inputs: { dataset, think: think.out } });
  expect(review.thrown ?? review.error).toBeUndefined();
  const { metrics } = review.result!;
  for (const subject of ["user", "item"]) {
    expect(think.result!.metrics[`${subject}.think.names_target`]).toBeGreaterThan(0);
    expect(metrics[`${subject}.reflect.names_target`]).toBeGreaterThan(0);
    expect(metrics[`${subject}.refine.names_target`]).toBeGreaterThan(0);
  }
  const samples = [
    ...(await samplesOf(think.out, "thinking")),
    ...(await samplesOf(review.out, "reflection")),
    ...(await samplesOf(review.out, "refinement")),
  ];
  expect(samples.length).toBeGreaterThan(20);
  for (const { instruction, output } of samples) {
    const told = /telling of (.*?)(?:<|$)/mu.exec(`${instruction}\n${output}`)?.[1];
    // ML-100K has a few films twice: one that the history shows may be named.
    if (told !== undefined) expect(instruction).toContain(`["${told}", `);
  }
  // A wrong thought that names the target is not reflected on, a reflection that does not refined by.
  const reviews = await linesOf(join(review.out, "answers.jsonl"));
  const reflected = reviews.length;
  const refined = reviews.filter((each) => each["refinement"] !== undefined).length;
  expect(server.seen.length - asked).toBe(reflected + refined);
  expect(refined).toBeLessThan(reflected);
});

test("faults of every kind are ridden out: 429 with Retry-After, 500, a cut answer, garbage", async () => {
  const faults: Reply[] = [
    { kind: "status", status: 429, headers: { "retry-after": "1" } },
    { kind: "status", status: 500 },
    { kind: "cut" },
    { kind: "garbage", body: "<html>busy</html>" },
    { kind: "garbage", body: '{"choices": []}' },
  ];
  const server = await serve((seen, number) => faults[number - 1] ?? optimist(seen));
  const settings = teacher(server.baseUrl, { users: 6, items: 0, concurrency: 1, retries: 8 });
  const think = await runStage(setupOf("think", settings));
  expect(think.thrown ?? think.error).toBeUndefined();
  expect(server.seen).toHaveLength(6 + faults.length);
  expect(server.seen[1]!.at - server.seen[0]!.at).toBeGreaterThanOrEqual(1000);
  expect(server.seen[0]!.authorization).toBe(`Bearer ${KEY}`);
});

test("a server that hangs is given up and asked again", async () => {
  const server = await serve((seen, number) => (number === 1 ? { kind: "hang" } : optimist(seen)));
  const settings = teacher(server.baseUrl, { users: 2, items: 0, timeout_seconds: 0.5 });
  const think = await runStage(setupOf("think", settings));
  expect(think.thrown ?? think.error).toBeUndefined();
  expect(server.seen).toHaveLength(3);
});

test("a wrong key ends the stage at once, and never shows the key", async () => {
  const server = await serve(() => ({
    kind: "status",
    status: 401,
    message: `Incorrect API key provided: ${KEY}`,
  }));
  const think = await runStage(setupOf("think", teacher(server.baseUrl, { concurrency: 1 })));
  expect(server.seen).toHaveLength(1);
  expect(String(think.error?.message)).toContain("401");
  expect(String(think.error?.message)).not.toContain(KEY);
});

test("requests under way at once are bounded", async () => {
  const server = await serve(async (seen) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return optimist(seen);
  });
  await runStage(setupOf("think", teacher(server.baseUrl, { concurrency: 3 })));
  expect(server.mostAtOnce()).toBeLessThanOrEqual(3);
  expect(server.mostAtOnce()).toBeGreaterThan(1);
});

test("answers that can't be read are counted, kept and asked again up to the limit", async () => {
  const server = await serve((seen, number) =>
    number <= 3 ? { kind: "text", text: "I would rather not say." } : optimist(seen),
  );
  const settings = teacher(server.baseUrl, {
    users: 2,
    items: 0,
    concurrency: 1,
    readable_tries: 2,
  });
  const think = await runStage(setupOf("think", settings));
  // Both are unreadable at first; of the second tries the first is as well.
  expect(server.seen).toHaveLength(4);
  expect(think.result?.metrics["user.think.unreadable"]).toBe(1);
  const answers = await linesOf(join(think.out, "answers.jsonl"));
  expect(answers.find((each) => each["outcome"] === "unreadable")).toMatchObject({
    reason: "no knowledge",
    answer: "I would rather not say.",
  });
});

test("a budget stops before it is overspent, and a larger one goes on from there", async () => {
  const server = await serve(optimist);
  const work = await newFolder();
  const limited = teacher(server.baseUrl, { items: 0, budget: { tokens: 3000, usd: null } });
  const stopped = await runStage({ ...setupOf("think", limited), work });
  expect(String(stopped.error?.message)).toMatch(/budget allows no further request/u);
  const asked = server.seen.length;
  const spent = server.seen.reduce((sum, { prompt }) => sum + Math.ceil(prompt.length / 4), 0);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(12);
  expect(spent + asked * 30).toBeLessThanOrEqual(3000);
  const rest = await runStage({ ...setupOf("think", teacher(server.baseUrl, { items: 0 })), work });
  expect(rest.thrown ?? rest.error).toBeUndefined();
  expect(server.seen).toHaveLength(12);
  expect(rest.result?.metrics["cost.requests"]).toBe(12);
});

test("an endpoint that tells no token counts cannot make a budget overspent", async () => {
  const server = await serve((seen) => {
    const reply = optimist(seen);
    const content = reply.kind === "text" ? reply.text : "";
    return { kind: "garbage", body: JSON.stringify({ choices: [{ message: { content } }] }) };
  });
  const budget = { tokens: 8000, usd: null };
  const think = await runStage(setupOf("think", teacher(server.baseUrl, { items: 0, budget })));
  expect(String(think.error?.message)).toMatch(/budget allows no further request/u);
  const most = server.seen.reduce((sum, { prompt }) => sum + Buffer.byteLength(prompt) + 300, 0);
  expect(server.seen.length).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8000);
});

test("a wish to be asked later is read in every form", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const wish = (headers: Record<string, string>) => retryAfterOf(new Headers(headers), now);
  expect(wish({ "retry-after": "3" })).toBe(3000);
  expect(wish({ "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" })).toBe(7000);
  expect(wish({ "retry-after": "Thu, 01 Jan 2025 00:00:00 GMT" })).toBe(0);
  expect(wish({ "retry-after-ms": "250", "retry-after": "3" })).toBe(250);
  expect(wish({ "retry-after": "soon" })).toBeNull();
  expect(wish({})).toBeNull();
});

test("drained in the middle, the next attempt asks only what is missing", async () => {
  const server = await serve(optimist);
  const settings = teacher(server.baseUrl, { concurrency: 1 });
  const work = await newFolder();
  const first = await runStage({
    ...setupOf("think", settings),
    work,
    onEvent: (event, drain) => {
      if (event.type === "progress" && event.unit === "users" && event.done === 5) drain();
    },
  });
  expect(first.thrown).toBeInstanceOf(Drained);
  expect(server.seen).toHaveLength(5);
  const second = await runStage({ ...setupOf("think", settings), work });
  expect(second.thrown ?? second.error).toBeUndefined();
  expect(server.seen).toHaveLength(20);
  expect(new Set(server.seen.map(({ prompt }) => prompt)).size).toBe(20);
});
