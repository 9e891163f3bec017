import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  truncate,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ExitCode } from "../../../src/base/exit.js";
import type { ToolchainConfig } from "../../../src/toolchain/index.js";
import { ensure } from "../../../src/toolchain/index.js";
import { ZIG_VERSION } from "../../../src/toolchain/compiler.js";
import { TENSORFLOW_VERSION } from "../../../src/toolchain/flavour.js";
import { placesIn } from "../../../src/toolchain/folders.js";
import { recipeOf, writeReady } from "../../../src/toolchain/ready-file.js";
import { tryTensorFlow } from "../../../src/toolchain/tensorflow.js";
import { INSTALL_TIMEOUT } from "../../support/toolchain.js";
import { onlyIndex, tensorflowWheels, wheelFolder } from "../../support/wheels.js";

let toolchain: string;
let said: string[];
const say = ({ text }: { text: string }): number => said.push(text);

const config = (offline = false): ToolchainConfig => ({
  toolchain: { value: toolchain, origin: { kind: "flag", name: "--toolchain" } },
  offline: { value: offline, origin: { kind: "default", name: null } },
});

const install = (signal?: AbortSignal) => ensure(["tensorflow"], [], config(), say, signal);
const wheelsKept = async (): Promise<string[]> =>
  (await readdir(path.join(toolchain, "downloads")).catch(() => [])).filter((n) =>
    n.endsWith(".whl"),
  );

let wheels: string;
let zig: string;

beforeAll(async () => {
  // The real wheels, served by a folder of this machine instead of the network.
  wheels = await tensorflowWheels();
  zig = await wheelFolder(`ziglang==${ZIG_VERSION}`, `ziglang-${ZIG_VERSION}-`);
}, INSTALL_TIMEOUT);

beforeEach(async () => {
  toolchain = await mkdtemp(path.join(tmpdir(), "r4ec-toolchain-"));
  said = [];
  for (const [name, value] of Object.entries(onlyIndex(wheels))) vi.stubEnv(name, value);
  vi.stubEnv("R4EC_TFJS_BINDING", "");
  vi.stubEnv("R4EC_TENSORFLOW", "cpu");
  vi.stubEnv("R4EC_KEEP_DOWNLOADS", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(toolchain, { recursive: true, force: true });
});

describe("TensorFlow", { timeout: 15 * 60_000 }, () => {
  it("that another r4ec made stays as it is where there is no network to make this one's", async () => {
    const folder = placesIn(toolchain).tensorflow(TENSORFLOW_VERSION, "cpu");
    await mkdir(folder, { recursive: true });
    await writeReady(folder, recipeOf("another"), {}, []);
    const ready = path.join(folder, "ready.json");
    const before = await readFile(ready, "utf8");
    const result = await ensure(["tensorflow"], [], config(true), say);
    expect(!result.ok && result.error.message).toContain("tensorflow-cpu");
    expect(await readFile(ready, "utf8")).toBe(before);
  });

  it("stopped half-way goes on, is built once by two who ask, works, and mends itself, without a compiler of the machine too", async () => {
    const stop = new AbortController();
    const stopped = ensure(
      ["tensorflow"],
      [],
      config(),
      ({ text }) => {
        if (text.includes("unpacking")) stop.abort(new Error("stopped by the test"));
      },
      stop.signal,
    );
    await expect(stopped).rejects.toThrow("stopped by the test");
    expect(await wheelsKept()).toHaveLength(1);

    const both = await Promise.all([install(), install()]);
    expect(both.every((result) => result.ok)).toBe(true);
    expect(said.filter((text) => /downloading/.test(text))).toEqual([]);
    const building = said.filter((text) => /building the binding with [^,]*$/.test(text));
    expect(building).toHaveLength(1);
    expect(await wheelsKept()).toEqual([]);

    if (!both[0].ok) throw both[0].error;
    const { environment } = both[0].value;
    const seen = await tryTensorFlow(environment);
    expect(seen).toEqual({ ok: true, value: { version: "2.21.0", gpu: false } });
    const folder = path.dirname(environment["R4EC_TFJS_BINDING"]!);
    expect(path.basename(folder)).toMatch(/^2\.21\.0-cpu-/);
    const ready = JSON.parse(await readFile(path.join(folder, "ready.json"), "utf8")) as {
      files: object;
    };
    expect(Object.keys(ready.files).sort()).toEqual([
      "tensorflow/libtensorflow_cc.so.2",
      "tensorflow/libtensorflow_framework.so.2",
      "tfjs_binding.node",
    ]);

    said = [];
    expect((await ensure(["tensorflow"], [], config(true), say)).ok).toBe(true);
    expect(said).toEqual([]);

    await truncate(path.join(folder, "tensorflow", "libtensorflow_framework.so.2"), 1000);
    const offline = await ensure(["tensorflow"], [], config(true), say);
    expect(offline).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });

    // This time on a machine without a compiler: it is built by that of ziglang.
    vi.stubEnv("PIP_FIND_LINKS", `${wheels} ${zig}`);
    const bare = path.join(toolchain, "bin");
    await mkdir(bare);
    const { stdout: python } = await execa("python3", ["-c", "import sys; print(sys.executable)"]);
    await symlink(python, path.join(bare, "python3"));
    vi.stubEnv("PATH", bare);
    vi.stubEnv("CXX", "");
    said = [];
    const mended = await install();
    if (!mended.ok) throw mended.error;
    expect(said).toContain(
      "TensorFlow 2.21.0: this machine has no C++ compiler (CXX, c++, g++, clang++)",
    );
    expect(await tryTensorFlow(mended.value.environment)).toMatchObject({ ok: true });
    expect((await tryTensorFlow(environment)).ok).toBe(true);
    expect(await readdir(toolchain)).not.toContain("ziglang");
  });

  it("from a damaged download is refused, and nothing of it stays", async () => {
    const broken = await mkdtemp(path.join(tmpdir(), "r4ec-broken-index-"));
    const name = (await readdir(wheels)).find((n) => n.startsWith("tensorflow_cpu-2.21.0-cp312"))!;
    await copyFile(path.join(wheels, name), path.join(broken, name));
    await truncate(path.join(broken, name), 1_000_000);
    vi.stubEnv("PIP_FIND_LINKS", broken);
    const result = await install();
    expect(result).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });
    if (!result.ok) expect(result.error.message).toMatch(/sha256|damaged|invalid|not a zip/i);
    expect(await wheelsKept()).toEqual([]);
    await rm(broken, { recursive: true });

    // A damaged wheel that a former attempt left is thrown away and fetched again.
    await mkdir(path.join(toolchain, "downloads"), { recursive: true });
    await copyFile(path.join(wheels, name), path.join(toolchain, "downloads", name));
    await truncate(path.join(toolchain, "downloads", name), 1_000_000);
    vi.stubEnv("PIP_FIND_LINKS", wheels);
    const stop = new AbortController();
    const again = ensure(
      ["tensorflow"],
      [],
      config(),
      ({ text }) => {
        said.push(text);
        if (text.includes("unpacking")) stop.abort(new Error("far enough"));
      },
      stop.signal,
    );
    await expect(again).rejects.toThrow("far enough");
    expect(said.some((text) => /is damaged, fetching it again/.test(text))).toBe(true);
  });

  it("that the index does not have ends in a hint about the index", async () => {
    vi.stubEnv("PIP_FIND_LINKS", toolchain);
    const result = await install();
    expect(result).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });
    if (!result.ok) expect(result.error.hint).toMatch(/pip config list/);
  });

  it("offline and missing ends in an error that names it", async () => {
    const result = await ensure(["tensorflow"], [], config(true), say);
    expect(result).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });
    if (!result.ok) expect(result.error.message).toMatch(/tensorflow-cpu 2\.21\.0 .*offline/);
  });
});
