import type { IncomingMessage, ServerResponse } from "node:http";
import { loopbackServer } from "./loopback.js";

/** How the scripted server answers one request. */
export type Reply =
  | { readonly kind: "text"; readonly text: string; readonly finish?: string }
  /** A completion whose message is any object. */
  | { readonly kind: "message"; readonly message: object; readonly finish?: string }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly message?: string;
      /** Further fields of the error object. */
      readonly error?: object;
      /** In place of an error object: any body. */
      readonly body?: string;
    }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Sends half of an answer and closes the connection. */
  | { readonly kind: "cut" }
  /** Status 200 with a body that is no completion. */
  | { readonly kind: "garbage"; readonly body: string };

/** A request as the server saw it. */
export interface Seen {
  readonly path: string;
  readonly prompt: string;
  readonly model: string;
  readonly authorization: string | undefined;
  /** The request's fields, the messages among them. */
  readonly body: { readonly [field: string]: unknown };
  readonly at: number;
}

/** A server that speaks the OpenAI protocol and does what a script says. */
export interface ScriptedServer {
  /** `http://127.0.0.1:port/v1` */
  readonly baseUrl: string;
  readonly seen: readonly Seen[];
  /** Largest number of requests that were under way at once. */
  mostAtOnce(): number;
  close(): Promise<void>;
}

/**
 * Starts a server on loopback.
 *
 * @param script called with each chat request and its number from 1
 */
export async function scriptedServer(
  script: (seen: Seen, number: number) => Reply | Promise<Reply>,
): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const { address, mostAtOnce, close } = await loopbackServer(
    (request, response) => void answer(request, response, seen, script),
  );
  return { baseUrl: `${address}/v1`, seen, mostAtOnce, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: Seen[],
  script: (seen: Seen, number: number) => Reply | Promise<Reply>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}") as {
    [field: string]: unknown;
    model?: string;
    messages?: { content: string }[];
  };
  const entry: Seen = {
    path: request.url ?? "",
    prompt: body.messages?.at(-1)?.content ?? "",
    model: body.model ?? "",
    authorization: request.headers.authorization,
    body,
    at: Date.now(),
  };
  seen.push(entry);
  const reply = await script(entry, seen.length);
  switch (reply.kind) {
    case "hang":
      return;
    case "status":
      response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
      response.end(
        reply.body ??
          JSON.stringify({ error: { message: reply.message ?? "scripted fault", ...reply.error } }),
      );
      return;
    case "garbage":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(reply.body);
      return;
    case "cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write('{"id": "cut", "choices": [{"mess');
      setTimeout(() => response.destroy(), 10);
      return;
    case "text":
    case "message": {
      const text = reply.kind === "text" ? reply.text : JSON.stringify(reply.message);
      const said = reply.kind === "text" ? { content: text } : reply.message;
      const finish = reply.finish ?? "stop";
      const completion = {
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1,
        model: entry.model,
        choices: [{ index: 0, finish_reason: finish, message: { role: "assistant", ...said } }],
        usage: {
          prompt_tokens: Math.ceil(entry.prompt.length / 4),
          completion_tokens: Math.ceil(text.length / 4),
          total_tokens: Math.ceil(entry.prompt.length / 4) + Math.ceil(text.length / 4),
        },
      };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(completion));
    }
  }
}
