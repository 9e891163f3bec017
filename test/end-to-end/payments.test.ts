import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commandLine } from "../support/command-line.js";
import type { ScriptedServer } from "../support/openai-server.js";
import { scriptedServer } from "../support/openai-server.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";

/** What a request takes at the endpoint, in milliseconds: more than all else in its stage. */
const TAKES = 250;
const PRICES = { prompt: 2, completion: 8 };

interface Paid {
  readonly requests: number;
  readonly retries: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly tokens_per_second: number;
  readonly usd: number;
}

let folder: string;
let server: ScriptedServer;
let answered = { requests: 0, read: 0, written: 0 };
const r4ec = commandLine(() => folder, { R4EC_MLFLOW_URI: "off" });

beforeAll(async () => {
  await testToolchain("tensorflow");
  folder = await newFolder();
  server = await scriptedServer(async ({ prompt }, number) => {
    await sleep(TAKES);
    // Two requests fail for a while.
    if (number === 3 || number === 5) return { kind: "status", status: 503 };
    const text = "A taste for films of one kind, told in a few words. ".repeat(
      number % 3 === 0 ? 4 : 2,
    );
    // As the server's own account of tokens.
    answered = {
      requests: answered.requests + 1,
      read: answered.read + Math.ceil(prompt.length / 4),
      written: answered.written + Math.ceil(text.length / 4),
    };
    return { kind: "text", text };
  });
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await server.close();
  await removeFolders();
});

const spec = async (name: string, users: number, items: number): Promise<string> => {
  await writeFile(
    path.join(folder, `${name}.yaml`),
    `name: ${name}
dataset: ml-100k
knowledge:
  variant: kar
  users: ${users}
  items: ${items}
  infer:
    engine: endpoint
    base_url: "${server.baseUrl}"
    model: m
    concurrency: 2
    prices: {prompt: ${PRICES.prompt}, completion: ${PRICES.completion}}
  embed: encoder
backbone: deepfm
ctr: {epochs: 1, batch_size: 2048}
`,
  );
  return `${name}.yaml`;
};

interface Estimate {
  readonly total: {
    readonly promptTokens: number;
    readonly completionTokens: number;
    readonly usd: number;
  };
  readonly time: { readonly seconds: number; readonly measured: boolean };
  readonly stages: { readonly [stage: string]: { readonly seconds: number } };
}

const planned = async (file: string): Promise<Estimate & { readonly think: string }> => {
  const { stdout, stderr } = await r4ec("plan", file, "--estimate", "--json");
  expect(stdout, stderr).not.toBe("");
  const plan = JSON.parse(stdout) as {
    stages: { fingerprint: string; runner: string }[];
    estimate: Estimate;
  };
  const think = plan.stages.find(({ runner }) => runner === "think")!.fingerprint;
  return { ...plan.estimate, think };
};

const status = async () => {
  const { stdout } = await r4ec("status", "--json");
  const { sweeps } = JSON.parse(stdout) as {
    sweeps: {
      usage: Paid;
      stages: { runner: string; seconds: number; usage: Paid | null }[];
    }[];
  };
  return sweeps[0]!;
};

const apart = (a: number, b: number): number => Math.max(a / b, b / a);

it(
  "what an endpoint was paid is in every view, and foretells what the next sweep will take",
  { timeout: 600_000 },
  async () => {
    const first = await spec("first", 24, 6);
    expect((await planned(first)).time.measured).toBe(false);
    const run = await r4ec("sweep", first);
    expect(run.exitCode, run.stderr).toBe(0);

    const usd = (PRICES.prompt * answered.read + PRICES.completion * answered.written) / 1e6;
    const told = await status();
    const think = told.stages.find(({ runner }) => runner === "think")!;
    expect(answered.requests).toBe(30);
    expect(think.usage).toMatchObject({
      ...{ requests: 30, retries: 2, prompt_tokens: answered.read },
      completion_tokens: answered.written,
    });
    expect(think.usage!.usd).toBeCloseTo(usd, 10);
    const pace = (answered.read + answered.written) / think.seconds;
    expect(think.usage!.tokens_per_second).toBeCloseTo(pace, 6);
    // Only the one stage pays.
    expect(told.usage).toMatchObject({ requests: 30, retries: 2, usd: think.usage!.usd });
    expect(told.stages.filter(({ usage }) => usage !== null)).toHaveLength(1);
    const text = (await r4ec("status")).stdout;
    expect(text).toMatch(/think .* 30 +2 .* 0\.\d{2,4}/);
    const page = path.join(folder, "page.html");
    await r4ec("report", first, "--out", page);
    const shown = await readFile(page, "utf8");
    expect(shown).toContain("tokens read");
    expect(shown).toContain(answered.read.toLocaleString("en-US"));

    // A sweep that is larger, and asks about others too.
    const second = await spec("second", 60, 20);
    const estimate = await planned(second);
    answered = { requests: 0, read: 0, written: 0 };
    const next = await r4ec("sweep", second, "--json");
    expect(next.exitCode, next.stderr).toBe(0);
    const asked = (await status()).stages.find(({ runner }) => runner === "think")!;
    // Answers of the first sweep stand: the whole is what was asked now and what stood there.
    const whole = 80 / asked.usage!.requests;
    expect(estimate.time.measured).toBe(true);
    expect(apart(estimate.total.promptTokens, whole * asked.usage!.prompt_tokens)).toBeLessThan(2);
    expect(
      apart(estimate.total.completionTokens, whole * asked.usage!.completion_tokens),
    ).toBeLessThan(2);
    expect(apart(estimate.total.usd, whole * asked.usage!.usd)).toBeLessThan(2);
    expect(apart(estimate.stages[estimate.think]!.seconds, whole * asked.seconds)).toBeLessThan(2);
    // The rest of the sweep is at the mercy of what else the machine does.
    const { seconds } = JSON.parse(next.stdout) as { seconds: number };
    expect(apart(estimate.time.seconds, seconds)).toBeLessThan(4);
  },
);
