import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What the proxy does with one request. `cut-after`: the server gets it, the answer is lost. */
export type Fault =
  | "pass"
  | "refuse"
  | "hang"
  | "cut-after"
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
      /** Answer before the request's body was read, and close: as nginx does beyond its limit. */
      readonly early?: boolean;
    }
  | { readonly rewrite: (body: string) => string }
  /** What follows from the request's body. */
  | { readonly read: (body: string) => Fault };

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

  /** @param prefix path under which the server is to be found here; it does not know of it */
  constructor(
    private readonly target: string,
    private readonly prefix = "",
  ) {
    this.#server = http.createServer((request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.prefix}`;
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
    if (!seen.path.startsWith(`${this.prefix}/`)) return void response.writeHead(404).end("<html>");
    let fault = this.fault(seen);
    let read: Buffer | undefined;
    if (typeof fault === "object" && "read" in fault) {
      read = await buffer(request);
      fault = fault.read(read.toString("utf8"));
    }
    if (fault === "refuse") return void request.socket.destroy();
    if (fault === "hang") return;
    if (typeof fault === "object" && "status" in fault && fault.early === true) {
      response.writeHead(fault.status, { ...fault.headers, connection: "close" });
      return void response.end(fault.body ?? "", () => request.socket.destroy());
    }
    let body = read ?? (await buffer(request));
    if (typeof fault === "object" && "status" in fault) {
      return void response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
    }
    if (typeof fault === "object" && "rewrite" in fault)
      body = Buffer.from(fault.rewrite(body.toString("utf8")));
    const headers = new Headers();
    const type = request.headers["content-type"];
    if (type !== undefined) headers.set("content-type", type);
    const answer = await fetch(this.target + seen.path.slice(this.prefix.length), {
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
