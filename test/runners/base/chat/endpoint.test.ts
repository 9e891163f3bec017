import { afterEach, expect, it } from "vitest";
import { chatEndpoint } from "../../../../runners/base/chat/completions.js";
import { embeddingsEndpoint } from "../../../../runners/base/chat/embeddings.js";
import type { EndpointAddress } from "../../../../runners/base/chat/endpoint.js";
import { firstModel } from "../../../../runners/base/chat/endpoint.js";
import { EndpointError } from "../../../../runners/base/chat/endpoint-error.js";
import { scriptedServer, type Reply, type ScriptedServer } from "../../../support/openai-server.js";

const KEY = "R4EC_TEST_ENDPOINT_KEY";
const SECRET = "secret-key-987";

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
  delete process.env[KEY];
});

const serve = async (reply: Reply): Promise<EndpointAddress> => {
  server = await scriptedServer(() => reply);
  return { baseUrl: server.baseUrl, apiKeyEnv: null, timeoutSeconds: 5 };
};

/** Every request that r4ec makes, each by the one client. */
const requests: readonly (readonly [
  name: string,
  send: (address: EndpointAddress, abort: AbortSignal) => Promise<unknown>,
])[] = [
  [
    "chat",
    (address, abort) =>
      chatEndpoint({ ...address, model: "m", temperature: 0, maxTokens: 8, extra: {} })(
        "hi",
        abort,
        1,
      ),
  ],
  [
    "embeddings",
    (address, abort) =>
      embeddingsEndpoint({ ...address, model: "m", dimension: null, onPaid: () => undefined })(
        ["a"],
        abort,
      ),
  ],
  ["models", (address, abort) => firstModel(address)(null, abort)],
];

const failureOf = async (sent: Promise<unknown>): Promise<EndpointError> => {
  const error: unknown = await sent.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof EndpointError) return error;
  throw new Error(`no EndpointError but ${String(error)}`);
};

const never = new AbortController().signal;

it.each(requests)("%s: the status says whether asking again is of use", async (_, send) => {
  const kinds: [number, string][] = [];
  for (const status of [400, 401, 404, 408, 409, 413, 422, 429, 500, 503]) {
    const address = await serve({ kind: "status", status });
    const { kind, status: told } = await failureOf(send(address, never));
    kinds.push([told!, kind]);
    await server?.close();
  }
  expect(kinds).toEqual([
    [400, "refused"],
    [401, "fatal"],
    [404, "fatal"],
    [408, "passing"],
    [409, "passing"],
    [413, "refused"],
    [422, "refused"],
    [429, "passing"],
    [500, "passing"],
    [503, "passing"],
  ]);
});

it.each(requests)("%s: what is no answer of the protocol may pass", async (name, send) => {
  const body = name === "models" ? "<html>" : `{"data": "x"}`;
  const address = await serve({ kind: "garbage", body });
  expect((await failureOf(send(address, never))).kind).toBe("passing");
});

it.each(requests)("%s: a silent server is given up after the timeout", async (_, send) => {
  const address = { ...(await serve({ kind: "hang" })), timeoutSeconds: 0.2 };
  const { kind, message } = await failureOf(send(address, never));
  expect([kind, message]).toEqual(["passing", "no answer within 0.2 s"]);
});

it.each(requests)("%s: an abort is thrown as it was given", async (_, send) => {
  const address = await serve({ kind: "hang" });
  const abort = new AbortController();
  const sent = send(address, abort.signal);
  const reason = new Error("enough");
  setTimeout(() => abort.abort(reason), 50);
  await expect(sent).rejects.toBe(reason);
});

it.each(requests)("%s: the key is sent and never told", async (_, send) => {
  process.env[KEY] = SECRET;
  const message = `Incorrect API key provided: ${SECRET}`;
  const address = { ...(await serve({ kind: "status", status: 401, message })), apiKeyEnv: KEY };
  const failure = await failureOf(send(address, never));
  expect(server?.seen[0]?.authorization).toBe(`Bearer ${SECRET}`);
  expect(failure.message).toContain("Incorrect API key");
  expect(failure.message).not.toContain(SECRET);
});

it.each(requests)(
  "%s: a variable that is not set is named, and nothing is sent",
  async (_, send) => {
    const address = { ...(await serve({ kind: "hang" })), apiKeyEnv: KEY };
    const sent = (async () => send(address, never))();
    const { kind, message } = await failureOf(sent);
    expect(kind).toBe("fatal");
    expect(message).toContain(KEY);
    expect(server?.seen).toHaveLength(0);
  },
);
