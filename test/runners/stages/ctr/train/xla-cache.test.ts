import { readFileSync, readdirSync, statSync, truncateSync, utimesSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { keepCompiled, tidy } from "../../../../../runners/stages/ctr/xla-cache.js";
import { writeDataset, type Size } from "./dataset.js";
import { Scratch, stageOf, TestTask } from "./task.js";

vi.setConfig({ testTimeout: 300_000 });

const worker = fileURLToPath(new URL("support/ctr-worker.mjs", import.meta.url));
const program = new URL("../../../../../dist/runners/stages/ctr/program.js", import.meta.url).href;
const scratch = new Scratch();
const dataset = join(scratch.path, "dataset");
const tiny: Size = { users: 20, items: 30, attributes: 3, length: 40 };

beforeAll(() => writeDataset(dataset, tiny));
afterAll(() => scratch.remove());

/** Trains a compiled cell in a process of its own; returns its curves. */
async function train(cache: string): Promise<string> {
  const stage = stageOf({
    backbone: "deepfm",
    ctr: { fuse: "off", xla: true, batch_size: 128, epochs: 1, pick: "test" },
  });
  const task = new TestTask(stage, { dataset }, scratch.folder(), scratch.folder());
  const { fingerprint, label, params, execution, inputs, files, out, work } = task;
  const { resources, toolchain } = task;
  const given = { fingerprint, label, params, execution, inputs, files, out, work };
  const tasks = JSON.stringify([{ ...given, resources, toolchain }]);
  await execa(process.execPath, [worker, program, tasks], { env: { R4EC_XLA_CACHE: cache } });
  return readFileSync(join(out, "curves.jsonl"), "utf8");
}

const longAgo = new Date(Date.now() - 3_600_000);

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe("programs compiled by XLA", () => {
  it("are kept for the next process, and made anew where a file is damaged", async () => {
    const cache = join(scratch.folder(), "xla");
    // Two at once, as workers start.
    const [first, beside] = await Promise.all([train(cache), train(cache)]);
    const files = filesUnder(cache);
    expect(files.length).toBeGreaterThan(0);
    const times = files.map((file) => statSync(file).mtimeMs);
    expect(await train(cache)).toBe(first);
    expect(beside).toBe(first);
    expect(filesUnder(cache)).toEqual(files);
    expect(files.map((file) => statSync(file).mtimeMs)).toEqual(times);
    for (const [i, file] of files.entries()) {
      truncateSync(file, i === 0 ? 0 : 1000);
      utimesSync(file, longAgo, longAgo);
    }
    expect(await train(cache)).toBe(first);
    expect(filesUnder(cache)).toEqual(files);
  });
});

describe("TF_XLA_FLAGS", () => {
  const flag = "--tf_xla_persistent_cache_directory";
  afterEach(() => vi.unstubAllEnvs());

  const flagsFrom = (flags: string, cache: string): string | undefined => {
    vi.stubEnv("TF_XLA_FLAGS", flags);
    vi.stubEnv("R4EC_XLA_CACHE", cache);
    keepCompiled([]);
    return process.env["TF_XLA_FLAGS"];
  };

  it("keep what they say and name a folder of this machine's", () => {
    const cache = scratch.folder();
    const flags = flagsFrom("--tf_xla_clustering_debug", cache)!;
    expect(flags.startsWith(`--tf_xla_clustering_debug ${flag}=${cache}/`)).toBe(true);
    expect(readdirSync(cache)).toHaveLength(1);
  });

  it("are left alone where they name a folder, are a file's path, or no cache is wanted", () => {
    const cache = scratch.folder();
    for (const own of [`${flag}=/elsewhere`, "/etc/flags"]) expect(flagsFrom(own, cache)).toBe(own);
    expect(flagsFrom("", "")).toBe("");
    // White space would end the flag, and within a file there is no folder.
    expect(flagsFrom("", join(cache, "white space"))).toBe("");
    expect(flagsFrom("", join(dataset, "dataset.json"))).toBe("");
  });
});

describe("TF_JIT_CACHE_DIR", () => {
  afterEach(() => vi.unstubAllEnvs());

  const folderFrom = (cache: string, gpus: readonly number[], own?: string): string | undefined => {
    vi.stubEnv("R4EC_XLA_CACHE", cache);
    vi.stubEnv("TF_XLA_FLAGS", "");
    vi.stubEnv("TF_JIT_CACHE_DIR", own);
    keepCompiled(gpus);
    return process.env["TF_JIT_CACHE_DIR"];
  };

  it("names a folder of this machine's where there is a card and nobody else named one", () => {
    const cache = scratch.folder();
    const folder = folderFrom(cache, [0])!;
    expect(readdirSync(cache).map((name) => join(cache, name))).toContain(folder);
    // Not the one of XLA's programs.
    expect(process.env["TF_XLA_FLAGS"]).not.toMatch(new RegExp(`=${folder}$`));
    expect(folderFrom(cache, [0], "/elsewhere")).toBe("/elsewhere");
    expect(folderFrom(cache, [])).toBeUndefined();
    expect(folderFrom("", [0])).toBeUndefined();
  });
});

it("programs that are cut short go, and the oldest where all take too much room", async () => {
  const folder = scratch.folder();
  // One field of 98 bytes.
  const whole = Buffer.concat([Buffer.of(0x0a, 98), Buffer.alloc(98)]);
  const put = async (name: string, bytes: Uint8Array, age: number): Promise<void> => {
    await writeFile(join(folder, name), bytes);
    utimesSync(join(folder, name), new Date(), new Date(Date.now() - age * 60_000));
  };
  await put("being written", whole.subarray(0, 20), 0);
  for (const [age, name] of ["new", "middle", "old"].entries()) await put(name, whole, 2 + age);
  await put("cut", whole.subarray(0, 4), 2);
  await put("empty", Buffer.alloc(0), 2);
  tidy(folder, 250);
  expect(readdirSync(folder).sort()).toEqual(["being written", "middle", "new"]);
});
