import { afterEach, describe, expect, it, vi } from "vitest";
import { chatEndpoint } from "../../../../runners/base/chat/completions.js";
import type { RetryOptions } from "../../../../runners/base/chat/retry.js";
import { DEFAULT_RETRY, notesRetries, withRetries } from "../../../../runners/base/chat/retry.js";
import { EndpointError } from "../../../../runners/base/chat/endpoint-error.js";
import type { RunnerEvent, StopSignal } from "../../../../src/contract/runner.js";
import { Drained } from "../../../../src/contract/runner.js";
import { scriptedServer, type Reply, type ScriptedServer } from "../../../support/openai-server.js";

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

async function ask(
  script: (number: number) => Reply,
  options: Partial<RetryOptions> = {},
  abort = new AbortController().signal,
) {
  server = await scriptedServer((_, number) => script(number));
  const address = { baseUrl: server.baseUrl, apiKeyEnv: null, timeoutSeconds: 5 };
  const chat = chatEndpoint({ ...address, model: "m", temperature: 0, maxTokens: 8, extra: {} });
  return withRetries(chat, { ...DEFAULT_RETRY, ...options })("hi", abort, 1);
}

const busy = (retryAfter: string, name = "retry-after"): Reply => ({
  kind: "status",
  status: 429,
  headers: { [name]: retryAfter },
  message: "come later",
});
const fine: Reply = { kind: "text", text: "x" };
const past = "Thu, 01 Jan 2015 00:00:00 GMT";

describe("a wish of no time does not replace the backoff", () => {
  it.each([
    ["0", "retry-after"],
    [past, "retry-after"],
    ["-5", "retry-after"],
    ["0", "retry-after-ms"],
    ["soon", "retry-after"],
  ])("%s in %s", async (wish, name) => {
    const waits: number[] = [];
    await ask((number) => (number <= 6 ? busy(wish, name) : fine), {
      firstWait: 20,
      onRetry: (_, __, wait) => waits.push(wait),
    });
    expect(waits).toHaveLength(6);
    expect(waits.every((wait, n) => wait <= 20 * 2 ** n)).toBe(true);
    // Six waits drawn from 0 to 20, 40, ... 640 ms are never all near 0.
    expect(waits.reduce((sum, wait) => sum + wait)).toBeGreaterThan(5);
  });
});

describe("a wish of hours does not hang the stage", () => {
  it.each([
    ["7200", "retry-after", "2 h"],
    ["99999999999999", "retry-after", "h"],
    [new Date(Date.now() + 3 * 3_600_000).toUTCString(), "retry-after", "3 h"],
    ["5400000", "retry-after-ms", "90 min"],
  ])("%s in %s", async (wish, name, shown) => {
    const start = Date.now();
    await expect(ask(() => busy(wish, name))).rejects.toMatchObject({
      kind: "fatal",
      message: expect.stringMatching(
        new RegExp(`come later; it asks to be asked again in .*${shown}`),
      ),
    });
    expect(server!.seen).toHaveLength(1);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  it("one within the limit is waited for", async () => {
    await ask((number) => (number === 1 ? busy("1") : fine));
    expect(server!.seen[1]!.at - server!.seen[0]!.at).toBeGreaterThanOrEqual(990);
  });
});

describe("waiting ends at once", () => {
  it("when the stage is drained", async () => {
    const listeners: (() => void)[] = [];
    const stop: StopSignal = {
      draining: false,
      onDrain: (listener) => listeners.push(listener),
      abort: new AbortController().signal,
    };
    const onRetry = () => setTimeout(() => listeners.forEach((listener) => listener()), 20);
    await expect(ask(() => busy("300"), { stop, onRetry })).rejects.toBeInstanceOf(Drained);
  });

  it("when it is aborted", async () => {
    const abort = new AbortController();
    const onRetry = () => setTimeout(() => abort.abort(new Error("enough")), 20);
    await expect(ask(() => busy("300"), { onRetry }, abort.signal)).rejects.toThrow("enough");
  });
});

it("an endpoint that is never there is a failure of the machine, one that answers errors is not", async () => {
  const options = { attempts: 2, firstWait: 1 };
  const down = ask(() => ({ kind: "status", status: 503 }), options);
  await expect(down).rejects.toMatchObject({
    kind: "passing",
    message: expect.stringMatching(/gave up after 2 tries/) as string,
  });
  await server!.close();
  const body = '{"error":{"message":"provider failed","code":503}}';
  const answered = ask(() => ({ kind: "garbage", body }), options);
  await expect(answered).rejects.toMatchObject({ kind: "refused", reason: "error" });
});

it("one failure of many prompts is told once in a while, with its number; another one at once", () => {
  vi.useFakeTimers();
  try {
    const events: RunnerEvent[] = [];
    const note = notesRetries({ emit: (event) => events.push(event) }, "m");
    const fail = (message: string) => note(new EndpointError(message, "passing"), 1, 500);
    for (let prompt = 0; prompt < 100; prompt++) fail("overloaded");
    fail("no connection");
    vi.advanceTimersByTime(60_000);
    fail("overloaded");
    expect(events.flatMap((event) => (event.type === "note" ? [event.message] : []))).toEqual([
      "m: overloaded; asking again in 0.5 s (try 2)",
      "m: no connection; asking again in 0.5 s (try 2)",
      "m: overloaded; asking again in 0.5 s (try 2); 99 more times since this was last said",
    ]);
  } finally {
    vi.useRealTimers();
  }
});
