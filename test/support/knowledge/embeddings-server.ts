import { loopbackServer } from "../loopback.js";

/** How the server takes one request; undefined: it answers. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: "hang" }
  | { readonly kind: "cut" }
  | { readonly kind: "body"; readonly body: string };

/** A request as the server saw it. */
export interface Asked {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions: number | undefined;
  readonly authorization: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Starts a server on loopback that speaks OpenAI's embeddings protocol: the vector of a text is
 * [length, first character's code, 1].
 *
 * @param fault called with each request and its number from 1
 */
export async function embeddingsServer(fault: (asked: Asked, number: number) => Fault | undefined) {
  const asked: Asked[] = [];
  const { address, mostAtOnce, close } = await loopbackServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
      const { authorization } = request.headers;
      const one = { ...body, authorization, at: Date.now() };
      asked.push(one);
      const answer = JSON.stringify(embeddings(one.input));
      const json = { "content-type": "application/json" };
      const what = fault(one, asked.length);
      switch (what?.kind) {
        case "hang":
          return;
        case "status": {
          const wait = what.retryAfter === undefined ? {} : { "retry-after": `${what.retryAfter}` };
          response.writeHead(what.status, { ...json, ...wait });
          response.end(JSON.stringify({ error: { message: "scripted fault" } }));
          return;
        }
        case "cut":
          response.writeHead(200, { ...json, "content-length": `${answer.length}` });
          response.write(answer.slice(0, answer.length / 2));
          setTimeout(() => response.destroy(), 10);
          return;
        case "body":
        case undefined:
          response.writeHead(200, json);
          // Late, so that what is under way at once can be seen.
          setTimeout(() => response.end(what?.body ?? answer), 20);
      }
    });
  });
  return { baseUrl: `${address}/v1`, asked, mostAtOnce, close };
}

/** Out of order on purpose: the index says which vector belongs to which text. */
const embeddings = (input: readonly string[]) => ({
  object: "list",
  data: input
    .map((text, index) => ({ index, embedding: [text.length, text.charCodeAt(0), 1] }))
    .reverse(),
  usage: { prompt_tokens: 1, total_tokens: 1 },
});
