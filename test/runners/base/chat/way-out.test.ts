import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chatEndpoint } from "../../../../runners/base/chat/completions.js";
import { isLoopback } from "../../../../src/base/outgoing.js";
import { scriptedServer, type ScriptedServer } from "../../../support/openai-server.js";

const NAMES = ["OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

let server: ScriptedServer;
let proxy: http.Server;
/** Hosts that the proxy was asked for. */
let asked: string[];
let before: { [name: string]: string | undefined };

beforeEach(async () => {
  before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  for (const name of NAMES) delete process.env[name];
  server = await scriptedServer(() => ({ kind: "text", text: "fine" }));
  asked = [];
  const { hostname, port } = new URL(server.baseUrl);
  // Whatever host it is asked for, by a tunnel or by a whole address, it leads to the server.
  proxy = http.createServer((request, response) => {
    const { host, pathname } = new URL(request.url!);
    asked.push(host);
    const { method, headers } = request;
    const onward = http.request({ hostname, port, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.on("connect", (request, socket, head) => {
    asked.push(request.url!);
    const onward = net.connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [onward, socket]) end.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const name of NAMES) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
  await server.close();
  proxy.closeAllConnections();
  proxy.close();
});

const proxyAddress = (): string => `127.0.0.1:${(proxy.address() as AddressInfo).port}`;

const ask = (baseUrl: string | null): Promise<string | null> =>
  chatEndpoint({
    ...{ baseUrl, apiKeyEnv: null, timeoutSeconds: 5, model: "m" },
    ...{ temperature: 0, maxTokens: 8, extra: {} },
  })("hi", new AbortController().signal, 1).then(({ said }) => said.text);

describe("OPENAI_BASE_URL", () => {
  it("counts where base_url is left out", async () => {
    process.env["OPENAI_BASE_URL"] = server.baseUrl;
    expect(await ask(null)).toBe("fine");
  });

  it("does not count where base_url is given", async () => {
    process.env["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1";
    expect(await ask(server.baseUrl)).toBe("fine");
  });

  it("that is no address ends the stage before anything is sent", async () => {
    process.env["OPENAI_BASE_URL"] = "my-gateway/v1";
    process.env["HTTPS_PROXY"] = proxyAddress();
    await expect(async () => ask(null)).rejects.toMatchObject({
      kind: "fatal",
      message: expect.stringContaining("OPENAI_BASE_URL is not an address") as string,
    });
    expect(asked).toEqual([]);
  });
});

describe("an endpoint elsewhere is asked by the proxy", () => {
  it.each([
    ["HTTP_PROXY", "http://"],
    ["http_proxy", ""],
  ])("that %s names, as %shost:port", async (name, scheme) => {
    process.env[name] = `${scheme}${proxyAddress()}`;
    expect(await ask("http://models.invalid/v1")).toBe("fine");
    expect(asked.join()).toContain("models.invalid");
  });

  it("for https by HTTPS_PROXY", async () => {
    process.env["HTTPS_PROXY"] = proxyAddress();
    // The server behind speaks no TLS: that the proxy was asked is all there is to see.
    await expect(ask("https://models.invalid/v1")).rejects.toMatchObject({ kind: "passing" });
    expect(asked).toEqual(["models.invalid:443"]);
  });

  it("unless NO_PROXY names it", async () => {
    Object.assign(process.env, { HTTP_PROXY: proxyAddress(), NO_PROXY: "a.example,.invalid" });
    await expect(ask("http://models.invalid/v1")).rejects.toMatchObject({ kind: "passing" });
    expect(asked).toEqual([]);
  });

  it("and one on this machine never", async () => {
    process.env["HTTP_PROXY"] = proxyAddress();
    expect(await ask(server.baseUrl)).toBe("fine");
    expect(asked).toEqual([]);
    expect(["http://localhost:1", "http://[::1]:1/v1", "http://127.9.9.9"].every(isLoopback)).toBe(
      true,
    );
    expect(["http://127.example", "http://localhost.example"].some(isLoopback)).toBe(false);
  });

  it("whose address is wrong is said, without what may be a password in it", async () => {
    process.env["HTTP_PROXY"] = "socks5://ann:planted-7@host:1";
    await expect(async () => ask("http://models.invalid/v1")).rejects.toMatchObject({
      kind: "fatal",
      message: expect.not.stringContaining("planted-7") as string,
    });
  });
});
