import { execa } from "execa";
import { cp, mkdir, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  INSTALL_TIMEOUT,
  testToolchainFolder,
  testTrackingEnvironment,
} from "../support/toolchain.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { R4EC } from "../support/command-line.js";

/*
 * A store as version 0.1 wrote it: a sweep of two cells that is done, and one that was killed while its
 * data set was made. It is never written again: what it holds must stay readable. A later form gets a
 * store of its own beside it.
 */
const at = (name: string): string => fileURLToPath(new URL(`../data/${name}`, import.meta.url));
const DONE = "cee79649f4f43395";
const KILLED = "60c3150589bf3ead";

let folder: string;
const store = (): string => path.join(folder, "store");

beforeAll(async () => {
  await testTrackingEnvironment();
  folder = await newFolder();
  await cp(at("recorded/store-0.1"), store(), { recursive: true });
  await cp(at("recorded/store-recorded.yaml"), path.join(folder, "recorded.yaml"));
  await cp(at("recorded/store-killed.yaml"), path.join(folder, "killed.yaml"));
  await cp(at("ml-100k"), path.join(folder, "ml-100k"), { recursive: true });
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await r4ec(local, "mlflow", "stop");
  await removeFolders();
});

async function r4ec(env: NodeJS.ProcessEnv, ...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [R4EC, ...args], {
    cwd: folder,
    reject: false,
    env: { R4EC_STORE: store(), R4EC_TOOLCHAIN: testToolchainFolder(), ...env },
  });
  return { exitCode, stdout, stderr };
}
const off = { R4EC_MLFLOW_URI: "off" };
/** The store's own server, whatever the environment of the tests says. */
const local = { R4EC_MLFLOW_URI: undefined, MLFLOW_TRACKING_URI: undefined };
const journalOf = (sweep: string): Promise<string> =>
  readFile(path.join(store(), "sweeps", sweep, "journal.ndjson"), "utf8");

// One story: each command goes on from what the ones before left.
describe("a store that version 0.1 wrote", () => {
  it("has its results in compare, from the old journal and artifacts alone", async () => {
    const { exitCode, stdout } = await r4ec(off, "compare", DONE, "--json");
    expect(exitCode).toBe(0);
    const { cells } = JSON.parse(stdout) as { cells: object };
    expect(cells).toMatchObject({ finished: 2, failed: 0, waiting: 0 });
    for (const value of ["0.636", "0.666"]) expect(stdout).toContain(value);
  });

  it("shows the killed sweep as interrupted in status, with its last run closed", async () => {
    const { exitCode, stdout } = await r4ec(off, "status", KILLED);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("interrupted")]);
    expect(await journalOf(KILLED)).toContain('"type":"stage-interrupted"');
  });

  it("is continued by sweep: what is done is not made again", async () => {
    const before = await journalOf(DONE);
    const done = await r4ec(off, "sweep", "recorded.yaml");
    expect([done.exitCode, done.stderr]).toEqual([
      0,
      expect.stringContaining("0 stages to run, 4 cached"),
    ]);
    const after = await journalOf(DONE);
    expect(after.startsWith(before)).toBe(true);
    expect(after.slice(before.length)).not.toContain("stage-started");
    expect((await r4ec(off, "sweep", "killed.yaml")).exitCode).toBe(0);
    const runs = (await journalOf(KILLED)).match(/"type":"sweep-started"/g);
    expect(runs).toHaveLength(2);
  });

  it("is sent to MLflow in full by sync", { timeout: INSTALL_TIMEOUT }, async () => {
    const { exitCode, stdout } = await r4ec(local, "sync", "--json");
    expect(exitCode).toBe(0);
    expect(stdout.match(/"outcome": "complete"/g)).toHaveLength(2);
  });

  it("loses nothing that a sweep needs to gc", async () => {
    const artifacts = async (): Promise<string[]> =>
      (await readdir(path.join(store(), "artifacts"), { recursive: true })).sort();
    const before = await artifacts();
    const { exitCode } = await r4ec(off, "gc", "--unreferenced", "--verify");
    expect(exitCode).toBe(0);
    expect(await artifacts()).toEqual(before);
    // What no sweep names goes.
    const stranger = path.join(store(), "artifacts", "00", "0".repeat(64));
    await mkdir(stranger, { recursive: true });
    await r4ec(off, "gc", "--unreferenced");
    expect((await artifacts()).filter((name) => name.includes("0".repeat(64)))).toEqual([]);
  });
});
