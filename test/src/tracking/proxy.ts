import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What the proxy does with one request. `cut-after`: the server gets it, the answer is lost. */
export type Fault =
  | "pass"
  | "refuse"
  | "hang"
  | "cut-after"
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly rewrite: (body: string) => string };

export interface Seen {
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** A faulty network in front of a real MLflow server. */
export class FaultyProxy {
  fault: (request: Seen) => Fault = () => "pass";
  /** Called when the server has answered, before the client hears of it. */
  after: (request: Seen) => void = () => undefined;
  readonly seen: Seen[] = [];
  readonly #server: http.Server;

  constructor(private readonly target: string) {
    this.#server = http.createServer((request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const seen: Seen = {
      number: this.seen.length + 1,
      method: request.method!,
      path: request.url!,
      headers: request.headers,
    };
    this.seen.push(seen);
    const fault = this.fault(seen);
    if (fault === "refuse") return void request.socket.destroy();
    if (fault === "hang") return;
    let body = await buffer(request);
    if (typeof fault === "object" && "status" in fault) {
      return void response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
    }
    if (typeof fault === "object") body = Buffer.from(fault.rewrite(body.toString("utf8")));
    const headers = new Headers();
    const type = request.headers["content-type"];
    if (type !== undefined) headers.set("content-type", type);
    const answer = await fetch(this.target + seen.path, {
      method: seen.method,
      headers,
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const text = Buffer.from(await answer.arrayBuffer());
    this.after(seen);
    if (fault === "cut-after") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(text);
  }
}
