import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { buildConnector } from "undici";
import { buildConnector as connector, request, type Dispatcher } from "undici";
import { dispatcherFor } from "../base/outgoing.js";
import type { Address } from "./address.js";
import { failureOf, MlflowFailure, notAnAnswer } from "./failure.js";

/** How patient the client is. Times in milliseconds. */
export interface Patience {
  /** For an answer to a call. */
  readonly timeout: number;
  /** For the transfer of a file to make any progress. */
  readonly idle: number;
  /** Tries in all; 1: no retries. */
  readonly tries: number;
  /** Wait before the second try; doubles with every further one, up to 15 s, with jitter. */
  readonly backoff: number;
}

export const PATIENT: Patience = { timeout: 30_000, idle: 60_000, tries: 4, backoff: 250 };

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the server's root: `/api/2.0/mlflow/runs/create`. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string };
  readonly body?: unknown;
  /** Absolute path of a file to send instead of a body. */
  readonly file?: string;
  /** Bytes to send instead of a body. */
  readonly bytes?: Uint8Array;
  /**
   * False for a call that must not be sent twice unless the server surely never got it (the creation
   * of a run): then an ambiguous failure is thrown at once, for the caller to look first.
   */
  readonly repeatable?: boolean;
  /** For error messages: `creating a run`. */
  readonly what: string;
}

/** HTTP to one MLflow server: sign-in, timeouts, retries with backoff, errors told apart. */
export class Transport {
  readonly #dispatcher: Dispatcher;

  constructor(
    readonly address: Address,
    readonly patience: Patience = PATIENT,
    /** Aborts every call, also while it waits to try again. */
    readonly signal?: AbortSignal,
  ) {
    const timeout = Math.min(patience.timeout, 10_000);
    this.#dispatcher = dispatcherFor(address.url, {
      connect: address.prove ? proving(address.prove, timeout) : { timeout },
    });
  }

  /**
   * What `read` makes of the body of a successful answer. Where it makes nothing of it (undefined),
   * this was no answer, and the call is tried again. Throws {@link MlflowFailure} alone.
   */
  async send<T>(call: Call, read: (body: string) => T | undefined): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = read(await this.#once(call));
        if (answer === undefined) throw notAnAnswer(call.what);
        return answer;
      } catch (error) {
        const failure = error instanceof MlflowFailure ? error : unreachable(call, error);
        const again =
          (failure.kind === "unreachable" || failure.status === 200) &&
          attempt < this.patience.tries &&
          !(call.repeatable === false && failure.ambiguous) &&
          this.signal?.aborted !== true;
        if (!again) throw failure;
        await this.#pause(attempt, error);
      }
    }
  }

  async #once(call: Call): Promise<string> {
    const url = new URL(this.address.url + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      url.searchParams.set(name, value);
    }
    const headers: Record<string, string> = { "user-agent": "r4ec" };
    if (this.address.authorization !== null) headers["authorization"] = this.address.authorization;
    let body: string | Uint8Array | ReturnType<typeof createReadStream> | null = null;
    if (call.file !== undefined) {
      headers["content-length"] = String(await sizeOf(call.file, call.what));
      body = createReadStream(call.file);
    } else if (call.bytes !== undefined) body = call.bytes;
    else if (call.body !== undefined) body = JSON.stringify(call.body);
    const isFile = call.file !== undefined || call.bytes !== undefined;
    if (body !== null) {
      headers["content-type"] = isFile ? "application/octet-stream" : "application/json";
    }
    const wait = isFile ? this.patience.idle : this.patience.timeout;
    const response = await request(url, {
      method: call.method,
      headers,
      body,
      headersTimeout: wait,
      bodyTimeout: wait,
      dispatcher: this.#dispatcher,
      ...(this.signal === undefined ? {} : { signal: this.signal }),
    });
    const text = await response.body.text();
    if (response.statusCode >= 200 && response.statusCode < 300) return text;
    const failure = failureOf(response.statusCode, text, call.what);
    const retryAfter = Number(response.headers["retry-after"]);
    if (Number.isFinite(retryAfter) && retryAfter > 0) {
      Object.assign(failure, { retryAfter: Math.min(retryAfter, 60) });
    }
    throw failure;
  }

  async #pause(attempt: number, error: unknown): Promise<void> {
    const asked = (error as { retryAfter?: number }).retryAfter;
    const longest = Math.min(15_000, this.patience.backoff * 2 ** (attempt - 1));
    const wait = asked === undefined ? longest * (0.5 + Math.random() / 2) : asked * 1000;
    const options = this.signal === undefined ? {} : { signal: this.signal };
    await sleep(wait, undefined, options).catch(() => undefined);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy().catch(() => undefined);
  }
}

/** Connects only to a server that proves itself. */
function proving(prove: () => Promise<boolean>, timeout: number): buildConnector.connector {
  const connect = connector({ timeout });
  return (options, callback) => {
    const refuse = (error: Error): void => callback(error, null);
    prove().then((ours) => {
      if (ours) connect(options, callback);
      else refuse(Object.assign(new Error("another server"), { code: "R4EC_STRANGER" }));
    }, refuse);
  };
}

async function sizeOf(file: string, what: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "is gone" : `cannot be read (${code ?? "?"})`;
    throw new MlflowFailure("refused", `${what}: the file ${reason}`);
  }
}

// Errors of the connection, by code; what surely happened before the server saw the request is not
// ambiguous.
const BEFORE_SENDING = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "R4EC_STRANGER",
]);

function unreachable(call: Call, error: unknown): MlflowFailure {
  const { code, message, name } = error as { code?: string; message?: string; name?: string };
  const reason =
    name === "AbortError" ? "given up" : code !== undefined ? (SAYS[code] ?? code) : message;
  return new MlflowFailure(
    "unreachable",
    `${call.what}: ${reason ?? "failed"}`,
    null,
    code === undefined || !BEFORE_SENDING.has(code),
  );
}

const SAYS: { readonly [code: string]: string } = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the host name cannot be looked up now",
  R4EC_STRANGER: "this store's server does not answer there",
  ECONNRESET: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time",
  UND_ERR_BODY_TIMEOUT: "the answer stalled",
};
