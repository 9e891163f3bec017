import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFile } from "../../../../src/base/package.js";
import { hubServer, type HubServer } from "../../../support/hub-server.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

let folder: string;
let python: string;
let hub: HubServer;
beforeAll(async () => {
  const { paths } = await testToolchain("llm");
  python = path.join(paths.environments["llm"]!, "bin", "python");
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-fetch-"));
  await mkdir(path.join(folder, "model"));
  await writeFile(path.join(folder, "model", "config.json"), "{}");
  await writeFile(path.join(folder, "model", "model.safetensors"), Buffer.alloc(24e6, "r4ec"));
  const model = { revisions: ["main"], folder: path.join(folder, "model"), token: "hf_right" };
  hub = await hubServer({ name: "acme/gated", ...model });
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const fetching = (revision: string, token: string) =>
  execa(
    python,
    [packageFile("runners/base/models/fetch_snapshot.py"), "acme/gated", revision, folder],
    { reject: false, env: { HF_ENDPOINT: hub.address, HF_TOKEN: token, HF_HUB_OFFLINE: "0" } },
  );
const halves = async (): Promise<string[]> => {
  const all = await readdir(folder, { recursive: true });
  return all.filter((name) => name.endsWith(".incomplete"));
};

describe("the program that fetches a model", { timeout: 120_000 }, () => {
  it.each([
    ["main", "hf_wrong", /GatedRepo/u],
    ["v9", "hf_right", /RevisionNotFound/u],
  ])("fails in the hub's words: %s, %s", async (revision, token, words) => {
    const { exitCode, stderr } = await fetching(revision, token);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(words)]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("leaves no half of a file behind: %s", async (signal) => {
    Object.assign(hub, { cutAfter: 11e6, hangs: true });
    const running = fetching("main", "hf_right");
    await expect.poll(halves, { timeout: 60_000 }).toHaveLength(1);
    running.kill(signal);
    expect((await running).exitCode).not.toBe(0);
    expect(await halves()).toEqual([]);
  });

  it("and goes on with the files that are whole", async () => {
    Object.assign(hub, { cutAfter: null, hangs: false });
    const { stdout, stderr } = await fetching("main", "hf_right");
    expect(JSON.parse(stdout || stderr)).toMatchObject({ asked: true });
    const got = hub.asked.filter(({ method }) => method === "GET").map(({ file }) => file);
    expect(got.filter((file) => file === "config.json")).toHaveLength(1);
  });
});
