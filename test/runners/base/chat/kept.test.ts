import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { KeptOptions, KeptServer } from "../../../../runners/base/chat/kept.js";
import { endKeptServers, keptServer } from "../../../../runners/base/chat/kept.js";
import { guideFields, modelServer } from "../../../../runners/base/chat/model-server.js";
import { FakeTask } from "../../../support/fake-task.js";
import { newFolder, removeFolders } from "../../../support/stage.js";
import { testToolchain, INSTALL_TIMEOUT } from "../../../support/toolchain.js";

const HOLDER = fileURLToPath(
  new URL("../../../support/knowledge/kept-worker.mjs", import.meta.url),
);
const KEPT = new URL("../../../../dist/runners/base/chat/kept.js", import.meta.url).href;

/** A server in Python alone, quick to start: it lists one model, and its process's number. */
const LISTENS = `
import http.server, json, os, sys
class Listens(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"data": [{"id": f"{sys.argv[2]} {os.getpid()}"}]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Listens).serve_forever()
`;

const options = (name: string, more: Partial<KeptOptions> = {}): KeptOptions => ({
  command: ["python", "-c", LISTENS, "{port}", name],
  values: {},
  identity: name,
  startTimeoutSeconds: 60,
  setting: "the test's command",
  yields: false,
  purpose: "text",
  ...more,
});
const pidOf = ({ model }: Pick<KeptServer, "model">): number => Number(model.split(" ")[1]);
const isThere = (pid: number): boolean => {
  try {
    // One that has ended and is not yet reaped is there no more.
    return !/^\d+ \(.*\) Z/u.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

describe("a server that is kept between stages", () => {
  let llm: string;
  beforeAll(async () => {
    llm = (await testToolchain("llm")).paths.environments["llm"]!;
  }, INSTALL_TIMEOUT);
  afterEach(() => endKeptServers());
  afterAll(removeFolders);
  const stage = async (fingerprint: string) =>
    new FakeTask({
      ...{ params: {}, execution: {}, out: await newFolder(), work: await newFolder() },
      fingerprint: fingerprint.repeat(32),
      toolchain: { environments: { llm } },
    });

  it("is the next stage's too where that asks for the same, and each says whose program it was", async () => {
    const [first, second] = [await stage("1a"), await stage("2b")];
    const one = await keptServer(first, options("same"));
    await one.close();
    const two = await keptServer(second, options("same"));
    expect(pidOf(two)).toBe(pidOf(one));
    expect(second.events).toEqual(first.events);
    // Two stages hold it: it stays until both have let it go.
    const three = await keptServer(await stage("3c"), options("same"));
    await two.close();
    await two.close();
    await endKeptServers();
    expect(isThere(pidOf(one))).toBe(true);
    await three.close();
    await endKeptServers();
    expect(isThere(pidOf(one))).toBe(false);
  });

  it("ends where a stage asks for another, or could not work with it", async () => {
    const one = await keptServer(await stage("1a"), options("one"));
    await one.close();
    const other = await keptServer(await stage("2b"), options("other"));
    expect(isThere(pidOf(one))).toBe(false);
    await other.end();
    expect(isThere(pidOf(other))).toBe(false);
    const again = await keptServer(await stage("3c"), options("other", { yields: true }));
    expect(pidOf(again)).not.toBe(pidOf(other));
    await again.close();
    // Text and vectors are made by turns: where both give their memory back, both stay.
    const vectors = { purpose: "vectors", yields: true } as const;
    const embeds = await keptServer(await stage("4d"), options("embeds", vectors));
    await embeds.close();
    expect(isThere(pidOf(again))).toBe(true);
    const writes = await keptServer(await stage("5e"), options("writes", { yields: true }));
    await writes.close();
    expect([isThere(pidOf(again)), isThere(pidOf(embeds))]).toEqual([false, true]);
    const takesAll = await keptServer(await stage("6f"), options("takes all"));
    await takesAll.close();
    expect([isThere(pidOf(writes)), isThere(pidOf(embeds))]).toEqual([false, false]);
    // One that gives its memory back is left alone by a stage that asks for no more than that.
    await endKeptServers(({ yields }) => !yields);
    expect(isThere(pidOf(takesAll))).toBe(false);
  });

  it("that was killed is noticed, while it is asked and afterwards, and another one takes its place", async () => {
    const one = await keptServer(await stage("1a"), options("killed"));
    process.kill(pidOf(one), "SIGKILL");
    await expect(one.died).rejects.toThrow(
      /the server \(the test's command\) was ended by SIGKILL/u,
    );
    await one.close();
    const two = await keptServer(await stage("2b"), options("killed"));
    expect(pidOf(two)).not.toBe(pidOf(one));
    await two.close();
    process.kill(pidOf(two), "SIGKILL");
    const three = await keptServer(await stage("3c"), options("killed"));
    expect(pidOf(three)).not.toBe(pidOf(two));
    expect(isThere(pidOf(three))).toBe(true);
    await three.close();
  });

  it("that cannot start ends its stage in its own words, and is tried anew by the next", async () => {
    const command = ["python", "-c", "raise ValueError('no such model')"];
    for (const fingerprint of ["1a", "2b"]) {
      const asked = keptServer(await stage(fingerprint), options("broken", { command }));
      await expect(asked).rejects.toThrow(/ValueError: no such model/u);
    }
  });

  it("does not outlive the process that started it, however that ends", async () => {
    const setup = { options: options("orphan"), llm, work: await newFolder() };
    const holder = execa(process.execPath, [HOLDER, KEPT, JSON.stringify(setup)], {
      reject: false,
      buffer: false,
    });
    let pid = 0;
    for await (const line of holder) {
      pid = pidOf({ model: line });
      expect(isThere(pid)).toBe(true);
      holder.kill("SIGKILL");
    }
    expect((await holder).signal).toBe("SIGKILL");
    await expect.poll(() => isThere(pid), { timeout: 30_000 }).toBe(false);
    // What it left on the disk goes with the next server.
    const left = () => readdirSync(tmpdir()).filter((name) => name.includes(`-${holder.pid}-`));
    expect(left().length).toBe(1);
    await (await keptServer(await stage("4d"), options("next"))).close();
    expect(left()).toEqual([]);
  });
});

describe("a server that r4ec knows", () => {
  const served = { model: "/models/m", revision: undefined, rank: null, share: 1, arguments: [] };
  const common = { startTimeoutSeconds: 1, setting: "s" };

  it("vLLM: on loopback, with room for the adapters, in its share of the card", () => {
    const plain = modelServer("vllm", served, common);
    expect(plain.command.join(" ")).toBe(
      "vllm serve {model} --host 127.0.0.1 --port {port} --gpu-memory-utilization 0.900",
    );
    const adapted = modelServer(
      "vllm",
      { ...served, revision: "abc", rank: 96, share: 0.25, arguments: ["--max-model-len", "8192"] },
      common,
    );
    expect(adapted.command.slice(8).join(" ")).toBe(
      "0.225 --enable-lora --max-lora-rank 128 --revision abc --max-model-len 8192",
    );
    expect(adapted.identity).not.toEqual(plain.identity);
    // Its name of a guide changed with version 0.12: both are sent.
    expect(guideFields("vllm", "(a|b)")).toEqual({
      guided_regex: "(a|b)",
      structured_outputs: { regex: "(a|b)" },
    });
  });

  it("r4ec's own: any adapter on one server", () => {
    const base = modelServer("r4ec", served, common);
    expect(base.identity).toEqual(modelServer("r4ec", { ...served, rank: 8 }, common).identity);
    expect(guideFields("r4ec", "(a|b)")).toEqual({ guided_regex: "(a|b)" });
    expect(path.isAbsolute(base.values["model"]!)).toBe(true);
  });
});
