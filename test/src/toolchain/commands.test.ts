import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/base/exit.js";

const program = fileURLToPath(new URL("../../../bin/r4ec.js", import.meta.url));
let folder: string;

/** Runs the real command line in an empty folder, the network forbidden. */
const r4ec = (args: readonly string[], environment: { [name: string]: string } = {}) =>
  execa(process.execPath, [program, ...args], {
    cwd: folder,
    reject: false,
    env: { R4EC_OFFLINE: "1", R4EC_STORE: "", NO_COLOR: "1", ...environment },
  });

interface Report {
  readonly ok: boolean;
  readonly checks: readonly {
    name: string;
    state: string;
    needed: boolean;
    detail: string;
    mend: string | null;
  }[];
  readonly settings: readonly { name: string; value: string; origin: { kind: string } }[];
}

/**
 * A folder without any part: nothing is missing that is needed, since the tests' own TensorFlow is named by a variable,
 * and no LLM environment is tried, which takes long.
 */
const BARE = { R4EC_TOOLCHAIN: "none" };

const doctor = async (environment: { [name: string]: string }) => {
  const { stdout, exitCode, stderr } = await r4ec(["doctor", "--json"], environment);
  expect(stderr).toBe("");
  const report = JSON.parse(stdout) as Report;
  const check = (name: string) => report.checks.find((one) => one.name === name)!;
  return { report, exitCode, check };
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-doctor-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("doctor", { timeout: 120_000 }, () => {
  it("finds a machine whole where the parts are installed, and looks without writing", async () => {
    const { report, exitCode, check } = await doctor({ R4EC_GPUS: "none" });
    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: ExitCode.done, ok: true });
    for (const name of ["node", "npm-packages", "python", "tensorflow", "store", "toolchain"]) {
      expect(check(name), name).toMatchObject({ state: "ok", needed: true, mend: null });
    }
    expect(check("tensorflow").detail).toMatch(/^TensorFlow 2\.21\.0 computes/);
    expect(report.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["compiler", "gpu", "tracking", "llm", "mlflow-server", "slurm"]),
    );
    const gpus = report.settings.find(({ name }) => name === "gpus");
    expect(gpus).toMatchObject({ value: "none", origin: { kind: "environment" } });
    expect(await readdir(folder)).toEqual([]);
  });

  it("says of each missing part how to get it, and ends with 3", async () => {
    const toolchain = path.join(folder, "none");
    const { report, exitCode, check } = await doctor({
      R4EC_TOOLCHAIN: toolchain,
      R4EC_TFJS_BINDING: "",
    });
    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: ExitCode.environment, ok: false });
    expect(check("tensorflow")).toMatchObject({
      ...{ state: "missing", needed: true },
      mend: "r4ec setup --only tensorflow",
    });
    expect(check("tracking")).toMatchObject({ state: "missing", needed: false });
    expect(check("llm")).toMatchObject({ mend: "r4ec setup --only llm" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("loads the binding for real: a file that is none is found out", async () => {
    const binding = path.join(folder, "tfjs_binding.node");
    await writeFile(binding, "not a library");
    const { exitCode, check } = await doctor({ ...BARE, R4EC_TFJS_BINDING: binding });
    expect(exitCode).toBe(ExitCode.environment);
    expect(check("tensorflow")).toMatchObject({ state: "failed" });
    expect(check("tensorflow").mend).toMatch(/R4EC_TFJS_BINDING/);
  });

  it("asks the MLflow server that is set, and hides the password in its address", async () => {
    const uri = "http://ann:s3cret@127.0.0.1:9";
    const { check, report } = await doctor({ ...BARE, R4EC_MLFLOW_URI: uri });
    expect(check("mlflow-server")).toMatchObject({ state: "failed", needed: false });
    expect(JSON.stringify(report)).not.toContain("s3cret");
  });

  it("finds a store that cannot be written", async () => {
    await writeFile(path.join(folder, "file"), "");
    const store = path.join(folder, "file", "store");
    const { exitCode, check } = await doctor({ ...BARE, R4EC_STORE: store });
    expect(exitCode).toBe(ExitCode.environment);
    expect(check("tensorflow")).toMatchObject({ state: "ok" });
    expect(check("store")).toMatchObject({ state: "failed", needed: true });
  });
});

describe("setup", { timeout: 60_000 }, () => {
  it("ends with 2 at a part that it does not know, naming those it knows", async () => {
    const { exitCode, stderr } = await r4ec(["setup", "--only", "tensorflow,pytorch"]);
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toMatch(/knows no pytorch: the parts are tensorflow, tracking, llm/);
  });

  it("offline ends with 3 and says of each part what is missing", async () => {
    const toolchain = path.join(folder, "toolchain");
    await mkdir(toolchain);
    const { exitCode, stdout } = await r4ec(["setup", "--json"], {
      R4EC_TOOLCHAIN: toolchain,
      R4EC_TFJS_BINDING: "",
    });
    expect(exitCode).toBe(ExitCode.environment);
    const { ok, parts } = JSON.parse(stdout) as {
      ok: boolean;
      parts: { part: string; ok: boolean; message: string }[];
    };
    expect(ok).toBe(false);
    expect(parts.map(({ part, ok }) => [part, ok])).toEqual([
      ["tensorflow", false],
      ["tracking", false],
    ]);
    for (const { message } of parts) expect(message).toMatch(/offline/);
  });
});
