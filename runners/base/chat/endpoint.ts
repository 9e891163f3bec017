import OpenAI from "openai";
import { fetch as fetchOut, type Dispatcher, type RequestInit } from "undici";
import { dispatcherFor } from "../../../src/base/outgoing.js";
import { wrongAddress } from "./address.js";
import { EndpointError, endpointErrorOf, errorBody } from "./endpoint-error.js";

/** An OpenAI-compatible endpoint, as a spec names it. */
export interface EndpointAddress {
  /** `https://host/v1`; null: what OPENAI_BASE_URL says, else the OpenAI service. */
  readonly baseUrl: string | null;
  /** Environment variable that holds the key; the key itself is never stored. Null: none is sent. */
  readonly apiKeyEnv: string | null;
  /** Seconds after which a request is given up. */
  readonly timeoutSeconds: number;
}

/**
 * Sends one request, once: retry.ts tries again. Rejects with {@link EndpointError}, or with the
 * abort's reason. `key` is there to be taken out of messages.
 */
export type Send = <Answer>(
  request: (client: OpenAI, signal: AbortSignal, key: string | undefined) => Promise<Answer>,
  abort: AbortSignal,
) => Promise<Answer>;

/**
 * Connects to an endpoint: chat completions, embeddings and the list of models are requests of it.
 * Nothing is sent yet. Throws an {@link EndpointError} where the key's variable is not set, or where
 * OPENAI_BASE_URL counts and is no address.
 */
export function connect({ baseUrl, apiKeyEnv, timeoutSeconds }: EndpointAddress): Send {
  const key = apiKeyEnv === null ? undefined : process.env[apiKeyEnv];
  if (apiKeyEnv !== null && (key === undefined || key === "")) {
    throw new EndpointError(
      `the environment variable ${apiKeyEnv} (api_key_env), which should hold the endpoint's key, is not set`,
      "fatal",
    );
  }
  const address = baseUrl ?? addressOfEnvironment() ?? "https://api.openai.com/v1";
  const client = new OpenAI({
    baseURL: address,
    apiKey: key ?? "none",
    maxRetries: 0, // there is one retry layer, and it is retry.ts
    timeout: timeoutSeconds * 1000,
    logLevel: "off", // its log would hold headers and prompts
    fetch: fetchBy(wayTo(address)) as never,
  });
  return async (request, abort) => {
    // The package's timeout ends with the response's head; this one covers the body as well.
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    try {
      return await request(client, AbortSignal.any([abort, timeout]), key);
    } catch (error) {
      abort.throwIfAborted();
      if (error instanceof EndpointError) throw error;
      if (timeout.aborted)
        throw new EndpointError(`no answer within ${timeoutSeconds} s`, "passing");
      throw endpointErrorOf(error, key);
    }
  };
}

/** OPENAI_BASE_URL, as the openai package reads it for every other program; null: not set. */
function addressOfEnvironment(): string | null {
  const given = process.env["OPENAI_BASE_URL"]?.trim() ?? "";
  if (given === "") return null;
  const wrong = wrongAddress(given);
  if (wrong === null) return given;
  throw new EndpointError(`OPENAI_BASE_URL ${wrong}; base_url stands above it`, "fatal");
}

/** The way out to an address. The time a request may take is this module's business alone. */
function wayTo(address: string): Dispatcher {
  try {
    return dispatcherFor(address, { headersTimeout: 0, bodyTimeout: 0 });
  } catch (error) {
    throw new EndpointError((error as Error).message, "fatal");
  }
}

/** A fetch by one way out, which hands failed answers on in the form that the package reads. */
const fetchBy =
  (dispatcher: Dispatcher) =>
  async (url: string, init: RequestInit): Promise<unknown> => {
    const response = await fetchOut(url, { ...init, dispatcher });
    if (response.ok) return response;
    const { status, statusText } = response;
    // Its length and encoding were those of the body that is read here.
    const headers = new Headers(
      [...response.headers].filter(([name]) => !/^content-/iu.test(name)),
    );
    headers.set("content-type", "application/json");
    const body = JSON.stringify(errorBody(await response.text()));
    return new Response(body, { status, statusText, headers });
  };

/**
 * Asks an endpoint for its models and gives the first; null where it lists none. The first argument
 * is there for retry.ts alone.
 */
export function firstModel(
  address: EndpointAddress,
): (asked: null, abort: AbortSignal) => Promise<string | null> {
  const send = connect(address);
  return (_, abort) =>
    send(async (client, signal) => {
      const list = await client.models.list({ signal });
      return list.data[0]?.id ?? null;
    }, abort);
}
