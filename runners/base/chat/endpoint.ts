import OpenAI from "openai";
import { EndpointError, endpointErrorOf } from "./endpoint-error.js";

/** An OpenAI-compatible endpoint, as a spec names it. */
export interface EndpointAddress {
  /** `https://host/v1`; null: the openai package's own default or OPENAI_BASE_URL. */
  readonly baseUrl: string | null;
  /** Environment variable that holds the key; the key itself is never stored. Null: none is sent. */
  readonly apiKeyEnv: string | null;
  /** Seconds after which a request is given up. */
  readonly timeoutSeconds: number;
}

/**
 * Sends one request, once: retry.ts tries again. Rejects with {@link EndpointError}, or with the
 * abort's reason.
 */
export type Send = <Answer>(
  request: (client: OpenAI, signal: AbortSignal) => Promise<Answer>,
  abort: AbortSignal,
) => Promise<Answer>;

/**
 * Connects to an endpoint: chat completions, embeddings and the list of models are requests of it.
 * Nothing is sent yet. Throws an {@link EndpointError} where the key's variable is not set.
 */
export function connect({ baseUrl, apiKeyEnv, timeoutSeconds }: EndpointAddress): Send {
  const key = apiKeyEnv === null ? undefined : process.env[apiKeyEnv];
  if (apiKeyEnv !== null && (key === undefined || key === "")) {
    throw new EndpointError(
      `the environment variable ${apiKeyEnv} (api_key_env), which should hold the endpoint's key, is not set`,
      "fatal",
    );
  }
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: key ?? "none",
    maxRetries: 0, // there is one retry layer, and it is retry.ts
    timeout: timeoutSeconds * 1000,
    logLevel: "off", // its log would hold headers and prompts
  });
  return async (request, abort) => {
    // The package's timeout ends with the response's head; this one covers the body as well.
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    try {
      return await request(client, AbortSignal.any([abort, timeout]));
    } catch (error) {
      abort.throwIfAborted();
      if (error instanceof EndpointError) throw error;
      if (timeout.aborted)
        throw new EndpointError(`no answer within ${timeoutSeconds} s`, "passing");
      throw endpointErrorOf(error, key);
    }
  };
}

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
