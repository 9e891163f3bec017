import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ExitCode } from "../../../src/base/exit.js";
import type { PythonPart } from "../../../src/contract/python-part.js";
import { findEnvironment, installEnvironment } from "../../../src/toolchain/environment.js";
import { Speaker } from "../../../src/toolchain/setup-progress.js";
import { UV_VERSION } from "../../../src/toolchain/uv.js";
import { INSTALL_TIMEOUT, testTrackingEnvironment } from "../../support/toolchain.js";
import { onlyIndex, wheelFolder } from "../../support/wheels.js";

/** A small environment: the first way of its step cannot work, the second does. */
const plan: PythonPart = {
  part: "llm",
  name: "trial",
  title: "trial",
  without: "nothing works",
  byFlavour: false,
  contents: "six",
  lists: [],
  steps: () => [
    [
      ["--no-deps", "six==0.0.1"],
      ["--no-deps", "six==1.17.0"],
    ],
  ],
  modules: { "six.py": "raise SystemExit('not the real six')\n", "standin.py": "VALUE = 7\n" },
  trial: "import six, standin; assert six.__version__ == '1.17.0' and standin.VALUE == 7",
  programs: [],
  uses: {},
};

let toolchain: string;
let said: string[];
let index: { readonly [name: string]: string };
const speaker = (): Speaker => new Speaker("llm", "trial", ({ text }) => said.push(text));
const install = (offline = false, wanted = plan) =>
  installEnvironment(wanted, { toolchain, offline }, speaker());

beforeAll(async () => {
  const uv = await wheelFolder(`uv==${UV_VERSION}`, `uv-${UV_VERSION}-`);
  const six = await wheelFolder("six==1.17.0", "six-1.17.0-");
  index = onlyIndex(`${uv} ${six}`);
}, INSTALL_TIMEOUT);

beforeEach(async () => {
  toolchain = await mkdtemp(path.join(tmpdir(), "r4ec-environments-"));
  said = [];
  for (const [name, value] of Object.entries(index)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(toolchain, { recursive: true, force: true });
});

describe("a Python environment", { timeout: 120_000 }, () => {
  it("is made once, by the first way that works, from where pip is set to look", async () => {
    const [first, second] = await Promise.all([install(), install()]);
    if (!first.ok) throw first.error;
    expect(second).toEqual(first);
    expect(said.filter((text) => text === "trial: ready")).toHaveLength(1);
    expect(first.value.folder.startsWith(toolchain)).toBe(true);

    const { stdout } = await execa(first.value.python, ["-c", "import sys; print(sys.prefix)"]);
    expect(stdout).toBe(first.value.folder);
    expect(await findEnvironment(plan, toolchain)).not.toBeNull();

    // Nothing has to be fetched any more.
    said = [];
    expect(await install(true)).toEqual(first);
    expect(said).toEqual([]);
  });

  it("whose interpreter is damaged is made anew", async () => {
    const made = await install();
    if (!made.ok) throw made.error;
    await truncate(path.join(made.value.folder, "pyvenv.cfg"), 0);
    await rm(made.value.python);
    expect(await findEnvironment(plan, toolchain)).toBeNull();
    expect(await install()).toEqual(made);
    expect((await execa(made.value.python, ["-c", plan.trial])).exitCode).toBe(0);
  });

  it("with another list of packages is another environment beside the first", async () => {
    const made = await install();
    const other = { ...plan, modules: { "standin.py": "VALUE = 7\n#\n" } };
    const second = await install(false, other);
    if (!made.ok || !second.ok) throw new Error("not installed");
    expect(second.value.folder).not.toBe(made.value.folder);
    expect(await findEnvironment(plan, toolchain)).not.toBeNull();
  });

  it("that does not start is not declared ready", async () => {
    const failing = { ...plan, trial: "import nothing_of_this_name" };
    const result = await install(false, failing);
    expect(result).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });
    if (!result.ok) expect(result.error.message).toMatch(/nothing_of_this_name/);
    expect(await findEnvironment(failing, toolchain)).toBeNull();
  });

  it("offline and missing ends in an error that names it", async () => {
    const result = await install(true);
    expect(result).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });
    if (!result.ok) expect(result.error.message).toMatch(/^six is not installed, and in offline/);
  });

  it("needs a Python: without one the error says how to get it", async () => {
    vi.stubEnv("R4EC_PYTHON", path.join(toolchain, "no-python"));
    const result = await install();
    expect(result).toMatchObject({ ok: false, error: { exitCode: ExitCode.environment } });
    if (!result.ok) expect(result.error.hint).toMatch(/R4EC_PYTHON/);
  });
});

it(
  "for tracking holds MLflow's server and client in the pinned version",
  async () => {
    vi.unstubAllEnvs();
    const { python, folder } = await testTrackingEnvironment();
    const code = "import mlflow, mlflow.server; print(mlflow.__version__)";
    expect((await execa(python, ["-c", code])).stdout).toBe("3.17.2");
    const ready = JSON.parse(await readFile(path.join(folder, "ready.json"), "utf8")) as {
      files: object;
    };
    expect(Object.keys(ready.files)).toContain("bin/mlflow");
  },
  INSTALL_TIMEOUT,
);
