import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server of a test, on a free port of this machine. */
export interface LoopbackServer {
  /** `http://127.0.0.1:port` */
  readonly address: string;
  /** Largest number of requests that were under way at once. */
  mostAtOnce(): number;
  /** Ends the server and every connection. */
  close(): Promise<void>;
}

/** Starts a server that gives each request to a function; `handle` ends the response, or leaves it open. */
export async function loopbackServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LoopbackServer> {
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.on("close", () => (open -= 1));
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mostAtOnce: () => most,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
