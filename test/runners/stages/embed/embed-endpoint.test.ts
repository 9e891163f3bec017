import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { embedRunner } from "../../../../runners/stages/embed/runner.js";
import { writeJsonl } from "../../../../runners/base/files/write-jsonl.js";
import { readNpy } from "../../../../runners/base/files/npy.js";
import type { JsonObject } from "../../../../src/base/json.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { writeDataset } from "../../../support/knowledge/dataset.js";
import type { Asked, Fault } from "../../../support/knowledge/embeddings-server.js";
import { embeddingsServer } from "../../../support/knowledge/embeddings-server.js";

const params = { engine: "endpoint", model: { name: "vectors-1" }, normalize: false };
const KEY = "R4EC_TEST_EMBEDDINGS_KEY";

describe("an embeddings endpoint", () => {
  let dataset: string;
  let text: string;
  let server: Awaited<ReturnType<typeof embeddingsServer>>;

  beforeAll(async () => {
    dataset = await writeDataset({
      users: [[]],
      items: "abcdefghij".split("").map(() => ({ title: "x" })),
    });
    text = await newFolder();
    await writeJsonl(path.join(text, "users.jsonl"), [{ index: 1, text: "user" }]);
    await writeJsonl(
      path.join(text, "items.jsonl"),
      [..."abcdefghij"].map((letter, row) => ({ index: row + 1, text: letter.repeat(row + 1) })),
    );
  });
  afterEach(async () => {
    await server.close();
    delete process.env[KEY];
  });
  afterAll(removeFolders);

  const run = async (
    fault: (asked: Asked, number: number) => Fault | undefined,
    own: JsonObject = {},
    more: { readonly params?: JsonObject; readonly work?: string } = {},
  ) => {
    server = await embeddingsServer(fault);
    return runStage({
      runner: embedRunner,
      params: { ...params, ...more.params },
      execution: {
        base_url: server.baseUrl,
        api_key_env: null,
        batch_size: 2,
        concurrency: 3,
        timeout_seconds: 5,
        retries: 3,
        ...own,
      },
      inputs: { dataset, text },
      ...(more.work === undefined ? {} : { work: more.work }),
    });
  };
  const items = async (out: string) => [...(await readNpy(path.join(out, "items.npy"))).data];
  const right = [0, 0, 0, ...[..."abcdefghij"].flatMap((c, n) => [n + 1, c.charCodeAt(0), 1])];

  it("gets each text its own vector, in batches, some at once", async () => {
    const { out, result } = await run(() => undefined);
    expect(await items(out)).toEqual(right);
    // Requests sent at once may arrive in any order.
    expect(server.asked.map(({ input }) => input.length).sort()).toEqual([1, 2, 2, 2, 2, 2]);
    expect(server.mostAtOnce()).toBe(3);
    expect(result?.metrics["texts.embedded"]).toBe(11);
  });

  it("tells what each request took, with its price", async () => {
    const { events } = await run(() => undefined, { prices: { prompt: 3 } });
    const paid = events.flatMap((event) => (event.type === "usage" ? [event] : []));
    // The server counts one token a request.
    const each = { requests: 1, retries: 0, promptTokens: 1, completionTokens: 0, usd: 3e-6 };
    expect(paid).toEqual(Array.from({ length: 6 }, () => ({ type: "usage", ...each })));
  });

  it.each<[string, Fault]>([
    ["500", { kind: "status", status: 500 }],
    ["429", { kind: "status", status: 429 }],
    ["a cut answer", { kind: "cut" }],
    ["no JSON", { kind: "body", body: "<html>" }],
    ["another shape", { kind: "body", body: `{"data": "x"}` }],
    ["too few vectors", { kind: "body", body: `{"data": [{"index": 0, "embedding": [1]}]}` }],
    [
      "vectors that are none",
      {
        kind: "body",
        body: `{"data": [{"index": 0, "embedding": ["x"]}, {"index": 1, "embedding": []}]}`,
      },
    ],
  ])("tries again after %s", async (_, fault) => {
    const { out, events } = await run((__, number) => (number === 2 ? fault : undefined));
    expect(await items(out)).toEqual(right);
    expect(server.asked).toHaveLength(7);
    // The vectors lie close together, which the stage says too.
    const said = events.filter((event) => event.type === "note" && event.severity === "info");
    expect(said).toHaveLength(1);
  });

  it("gives a request up that takes too long, and asks again", async () => {
    const { out } = await run((_, number) => (number === 1 ? { kind: "hang" } : undefined), {
      timeout_seconds: 0.3,
    });
    expect(await items(out)).toEqual(right);
  });

  it("waits as long as Retry-After says", async () => {
    await run(
      (_, number) => (number === 1 ? { kind: "status", status: 429, retryAfter: 1 } : undefined),
      {
        concurrency: 1,
      },
    );
    expect(server.asked[1]!.at - server.asked[0]!.at).toBeGreaterThanOrEqual(990);
  });

  it("gives up after so many tries and keeps what it has", async () => {
    const work = await newFolder();
    const bad = await run(
      ({ input }) => (input.includes("jjjjjjjjjj") ? { kind: "status", status: 503 } : undefined),
      { retries: 1 },
      { work },
    );
    expect(bad.error?.kind).toBe("machine");
    expect(bad.error?.message).toMatch(/scripted fault.*gave up after 2 tries/);
    await server.close();
    const good = await run(() => undefined, {}, { work });
    // As in a run in which nothing failed.
    expect(good.result?.metrics["texts.embedded"]).toBe(11);
    expect(await items(good.out)).toEqual(right);
  });

  it("does not try again what cannot pass, and never tells the key", async () => {
    process.env[KEY] = "secret-key-123";
    const { error, events } = await run(() => ({ kind: "status", status: 401 }), {
      api_key_env: KEY,
      concurrency: 1,
    });
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]!.authorization).toBe("Bearer secret-key-123");
    expect(error?.kind).toBe("spec");
    expect(JSON.stringify([error, events])).not.toContain("secret-key-123");
  });

  it.each(["NaN", "-Infinity"])("does not ask again a model that gives %s", async (word) => {
    const body = `{"data": [{"index": 0, "embedding": [1, ${word}]}]}`;
    const { error } = await run(() => ({ kind: "body", body }), { concurrency: 1 });
    expect(server.asked).toHaveLength(1);
    expect(error?.message).toContain("could not be read");
  });

  it("says which variable is missing", async () => {
    const { error } = await run(() => undefined, { api_key_env: KEY });
    expect(error?.message).toMatch(new RegExp(KEY));
    expect(server.asked).toHaveLength(0);
  });

  it("asks for a dimension and scales to length 1 where the spec says so", async () => {
    const { out } = await run(() => undefined, {}, { params: { normalize: true, dimension: 3 } });
    expect(server.asked[0]!.dimensions).toBe(3);
    const numbers = await items(out);
    for (let row = 1; row <= 10; row++) {
      expect(Math.hypot(...numbers.slice(row * 3, row * 3 + 3))).toBeCloseTo(1, 6);
    }
  });

  // The server of the tests ignores `dimensions`, as many do: its vectors have 3 numbers.
  it.each([true, false])(
    "cuts longer vectors to the dimension, normalize: %s",
    async (normalize) => {
      const { out } = await run(() => undefined, {}, { params: { normalize, dimension: 2 } });
      const { data, shape } = await readNpy(path.join(out, "items.npy"));
      expect(shape).toEqual([11, 2]);
      [..."abcdefghij"].forEach((letter, n) => {
        const numbers = [n + 1, letter.charCodeAt(0)];
        const length = normalize ? Math.hypot(...numbers) : 1;
        const row = data.slice(2 * n + 2, 2 * n + 4);
        numbers.forEach((number, at) => expect(row[at]).toBeCloseTo(number / length, 5));
      });
    },
  );

  it("gives each dimension its own vectors", async () => {
    const work = await newFolder();
    for (const dimension of [1, 2, 3]) {
      const { out } = await run(() => undefined, {}, { params: { dimension }, work });
      expect((await readNpy(path.join(out, "items.npy"))).shape).toEqual([11, dimension]);
      await server.close();
    }
  });

  const body = (...vectors: string[]): Fault => ({
    kind: "body",
    body: `{"data": [${vectors.map((v, index) => `{"index": ${index}, "embedding": ${v}}`).join(", ")}]}`,
  });
  it.each<[string, string, JsonObject, RegExp]>([
    [
      "shorter than the dimension",
      "[1, 2]",
      { dimension: 4 },
      /2 numbers, but embed.dimension is 4/,
    ],
    ["beyond float32", "[1, 1e39, 3]", {}, /number 1 \(from 0\) is Infinity/],
    ["beyond float64", "[1, 2, -1e999]", {}, /number 2 \(from 0\) is -Infinity/],
    ["zeros alone", "[0, 0, 0]", {}, /zeros alone for every text/],
  ])("refuses vectors that are %s", async (_, vector, own, message) => {
    const { error, result } = await run(
      ({ input }) => body(...input.map(() => vector)),
      { concurrency: 1 },
      { params: own },
    );
    expect(result).toBeUndefined();
    expect(error).toMatchObject({
      kind: "spec",
      message: expect.stringMatching(message) as string,
    });
  });

  it.each(["[1]", "[1, 2, 3, 4]"])("refuses vectors of unequal width: %s", async (odd) => {
    const { error, result } = await run(
      ({ input }, number) => (number === 3 ? body(...input.map(() => odd)) : undefined),
      { concurrency: 1 },
    );
    expect(result).toBeUndefined();
    expect(error?.message).toMatch(/different widths: 3 and [14] numbers/);
  });

  it("warns of zeros for some texts", async () => {
    const { result, events } = await run(
      ({ input }) => (input.includes("a") ? body(...input.map(() => "[0, 0, 0]")) : undefined),
      { batch_size: 1 },
    );
    expect(result).toBeDefined();
    expect(JSON.stringify(events)).toContain("zeros alone for 1 of 11 texts");
  });
});
