import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LLM_ENVIRONMENT } from "../../../runners/base/python/llm-environment.js";
import { science } from "../../../runners/registry.js";
import { ExitCode } from "../../../src/base/exit.js";
import type { PythonPart } from "../../../src/contract/python-part.js";
import { ensure, surroundingsOf, type ToolchainConfig } from "../../../src/toolchain/index.js";
import { R4EC } from "../../support/command-line.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../support/toolchain.js";

/** A part that could not be installed: nothing may try to. */
const part: PythonPart = {
  part: "lab",
  name: "lab",
  title: "a lab",
  contents: "a lab",
  without: "nothing",
  lists: [],
  byFlavour: false,
  steps: () => {
    throw new Error("nothing is installed into an environment of the user's own");
  },
  modules: {},
  trial: "raise SystemExit(1)",
  programs: [],
  uses: {
    read: { does: "reading", modules: ["json", "email"] },
    fly: { does: "flying", modules: ["json", "no_wings"] },
  },
};

let folder: string;
let venv: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-given-"));
  venv = path.join(folder, "venv");
  await execa("python3", ["-m", "venv", "--without-pip", venv]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const origin = { kind: "environment", name: "R4EC_LAB_ENVIRONMENT" } as const;
const configOf = (environments: { readonly [part: string]: string }): ToolchainConfig => ({
  toolchain: { value: path.join(folder, "toolchain"), origin },
  offline: { value: true, origin },
  environments: Object.fromEntries(
    Object.entries(environments).map(([name, value]) => [name, { value, origin }]),
  ),
});
const said: string[] = [];
const use = (name: string, place: string): ReturnType<typeof ensure> =>
  ensure([name], [part], configOf({ lab: place }), ({ text }) => said.push(text));

describe("an environment of the user's own", () => {
  it("is used as it is, and what it has is said", async () => {
    const before = (await readdir(venv, { recursive: true })).sort();
    const ready = await use("lab.read", venv);
    expect(ready.ok && ready.value.paths.environments).toEqual({ lab: venv });
    // What stages run in there: versions of what is used, and the sum of all that there is.
    const around = ready.ok ? ready.value.surroundings : {};
    expect(around).toEqual({
      lab: `own environment ${venv}`,
      "lab.python": expect.stringMatching(/^3\.\d+\.\d+$/) as string,
      "lab.json": expect.any(String) as string,
      "lab.email": expect.any(String) as string,
      "lab.packages": expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(said.join()).toMatch(/using .*venv \(Python 3\.\d+\.\d+, json .*, email /);
    expect((await readdir(venv, { recursive: true })).sort()).toEqual(before);
    // Another package there is another sum.
    const [site] = (await readdir(path.join(venv, "lib"))).map((name) =>
      path.join(venv, "lib", name, "site-packages", "wings-1.0.dist-info"),
    );
    await mkdir(site!);
    await writeFile(
      path.join(site!, "METADATA"),
      "Metadata-Version: 2.1\nName: wings\nVersion: 1.0\n",
    );
    const later = await surroundingsOf(["lab.read"], [part], configOf({ lab: venv }));
    expect(later).toEqual({ ...around, "lab.packages": later["lab.packages"] });
    expect(later["lab.packages"]).not.toBe(around["lab.packages"]);
    expect(await readdir(folder)).toEqual(["venv"]);
  });

  it("is asked for no more than the stage needs", async () => {
    expect((await use("lab", venv)).ok).toBe(true);
    const lacking = await use("lab.fly", venv);
    if (lacking.ok) throw new Error("it has no wings");
    expect(lacking.error.message).toBe(
      `the lab environment ${venv} (R4EC_LAB_ENVIRONMENT) lacks no_wings, which flying needs`,
    );
    expect(lacking.error.exitCode).toBe(ExitCode.environment);
  });

  it.each(["empty", "nowhere/at all"])("needs a Python: %s", async (name) => {
    const outcome = await use("lab.read", path.join(folder, name));
    if (outcome.ok) throw new Error("there is no Python");
    expect(outcome.error.message).toContain("it has no Python that works at");
    expect(outcome.error.exitCode).toBe(ExitCode.environment);
  });

  it("for a part that does not exist is an error that lists the parts", async () => {
    const outcome = await ensure([], [part], configOf({ labb: venv }), () => undefined);
    if (outcome.ok) throw new Error("there is no part labb");
    expect(outcome.error.message).toContain("labb, which is no part of the toolchain");
    expect(outcome.error.hint).toBe("the parts are tracking, lab");
  });

  it(
    "with all packages serves every use of the LLM stages",
    { timeout: INSTALL_TIMEOUT },
    async () => {
      const { paths } = await testToolchain("llm");
      const llm = paths.environments["llm"]!;
      const uses = Object.keys(LLM_ENVIRONMENT.uses).map((name) => `llm.${name}`);
      const ready = await ensure(uses, science.environments, configOf({ llm }), () => undefined);
      expect(ready.ok && ready.value.paths.environments).toEqual({ llm });
    },
  );

  it("is what doctor tells about, stage by stage, those of a spec's own programs too", async () => {
    const environment = { R4EC_LLM_ENVIRONMENT: venv, R4EC_TOOLCHAIN: path.join(folder, "none") };
    await writeFile(path.join(folder, "mine.py"), "import json, no_wings\n");
    await writeFile(
      path.join(folder, "spec.yaml"),
      "name: t\ndataset: ml-100k\nknowledge: none\nbackbone: { name: mine, command: [python, mine.py], files: [mine.py], environment: venv }\n",
    );
    const { stdout } = await execa(process.execPath, [R4EC, "doctor", "spec.yaml", "--json"], {
      cwd: folder,
      env: { ...environment, XDG_CONFIG_HOME: folder },
      reject: false,
    });
    const { checks } = JSON.parse(stdout) as {
      checks: { name: string; state: string; detail: string }[];
    };
    const llm = checks.find(({ name }) => name === "llm")!;
    expect(llm.state).toBe("warning");
    expect(llm.detail).toContain(`yours, ${venv} (R4EC_LLM_ENVIRONMENT): Python 3.`);
    expect(llm.detail).toContain("fine-tuning: no, it lacks torch, transformers");
    const mine = checks.find(({ name }) => name === "mine")!;
    expect(mine.state).toBe("warning");
    expect(mine.detail).toMatch(/^yours, .*venv\/bin\/python, in .*venv: Python 3\./u);
    expect(mine.detail).toContain("its cells: no, it lacks no_wings");
  });
});
