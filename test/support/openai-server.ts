import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the scripted server answers one request. */
export type Reply =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly message?: string;
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
  let open = 0;
  let most = 0;
  const server: Server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.on("close", () => (open -= 1));
    void answer(request, response, seen, script);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    mostAtOnce: () => most,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
    model?: string;
    messages?: { content: string }[];
  };
  const entry: Seen = {
    path: request.url ?? "",
    prompt: body.messages?.at(-1)?.content ?? "",
    model: body.model ?? "",
    authorization: request.headers.authorization,
    at: Date.now(),
  };
  seen.push(entry);
  const reply = await script(entry, seen.length);
  switch (reply.kind) {
    case "hang":
      return;
    case "status":
      response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
      response.end(JSON.stringify({ error: { message: reply.message ?? "scripted fault" } }));
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
    case "text": {
      const completion = {
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1,
        model: entry.model,
        choices: [
          { index: 0, finish_reason: "stop", message: { role: "assistant", content: reply.text } },
        ],
        usage: {
          prompt_tokens: Math.ceil(entry.prompt.length / 4),
          completion_tokens: Math.ceil(reply.text.length / 4),
          total_tokens: Math.ceil(entry.prompt.length / 4) + Math.ceil(reply.text.length / 4),
        },
      };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(completion));
    }
  }
}
