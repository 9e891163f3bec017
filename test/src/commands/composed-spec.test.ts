import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lab } from "../../support/engine.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

describe("settings on the command line", () => {
  it("name the same sweep in every command that reads a spec", async () => {
    await lab.spec("name: toy\nsweep: {grid: {toy.model: [a, b]}}\n");
    const given = ["spec.yaml", "toy.base=ground", "sweep.grid.toy.model=[a, c]"];
    const swept = await lab.run("sweep", ...given);
    expect(swept.code).toBe(0);
    expect(lab.log()).toContain("end ground");
    expect(Object.keys(await lab.statuses()).sort()).toEqual(["base ground", "model a", "model c"]);

    const { sweep, composition } = await lab.state();
    expect(composition).toEqual({ overrides: given.slice(1), bases: [], environment: {} });
    for (const command of ["status", "compare", "stop", "sync"]) {
      const { code, stderr } = await lab.run(command, ...given);
      expect([code, stderr], command).toEqual([
        command === "sync" ? 2 : 0,
        expect.not.stringContaining("never run"),
      ]);
    }
    for (const command of ["validate", "plan", "explain"]) {
      expect((await lab.run(command, ...given)).code, command).toBe(0);
    }
    expect(JSON.parse((await lab.run("status", ...given, "--json")).stdout)).toMatchObject({
      sweeps: [{ sweep }],
    });
    const other = await lab.run("compare", "spec.yaml");
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("was never run")]);
    const unlike = await lab.run("compare", "spec.yaml", "toy.base=other");
    expect(unlike.stderr).toContain("spec.yaml was never run with toy.base=other");
    const named = await lab.run("status", "toy", "toy.base=ground");
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining("is no spec's file")]);
  });

  it("are remembered: resume continues the sweep without being told them again", async () => {
    await lab.spec("name: toy\n");
    await lab.run("sweep", "spec.yaml", "toy.model=mine");
    lab.forgetLog();
    const { code, stderr } = await lab.run("resume");
    expect([code, stderr]).toEqual([0, expect.stringContaining("0 stages to run")]);
  });

  it("are read as the file is: a mistake stops every command with status 2", async () => {
    await lab.spec("name: toy\n");
    for (const command of ["sweep", "validate", "plan", "explain"]) {
      const { code, stdout, stderr } = await lab.run(command, "spec.yaml", "toy.modell=a");
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(
        'command line: toy.modell=a error: unknown setting "modell" in toy; did you mean model?',
      );
    }
  });
});

describe("a spec that extends another and names variables", () => {
  it("is recorded with what it was made of", async () => {
    await mkdir(path.join(lab.folder, "base"));
    await writeFile(
      path.join(lab.folder, "base/base.yaml"),
      "name: toy\ntoy: {model: a, base: one}\n",
    );
    await lab.spec("extends: base/base.yaml\ntoy: {model: '${env:TOY_MODEL}'}\n");
    lab.environment = { TOY_MODEL: "from-outside" };
    expect((await lab.run("sweep", "spec.yaml")).code).toBe(0);
    const { composition, resolved, cells } = await lab.state();
    expect(composition).toEqual({
      overrides: [],
      bases: [{ file: "base/base.yaml", text: "name: toy\ntoy: {model: a, base: one}\n" }],
      environment: { TOY_MODEL: "from-outside" },
    });
    expect(resolved["toy"]).toMatchObject({ model: "from-outside", base: "one" });
    expect(resolved["extends"]).toBeUndefined();
    expect(cells[0]!.settings["toy.model"]).toBe("from-outside");
    lab.environment = {};
    const { code, stderr } = await lab.run("resume");
    expect([code, stderr]).toEqual([2, expect.stringContaining("TOY_MODEL is not set")]);
  });
});

describe("the store", () => {
  it("is that of the spec's own project, from any folder, and commands say which one", async () => {
    const project = path.join(lab.folder, "project");
    const elsewhere = path.join(lab.folder, "elsewhere");
    for (const folder of [path.join(project, ".git"), path.join(project, "specs"), elsewhere]) {
      await mkdir(folder, { recursive: true });
    }
    await writeFile(path.join(project, "specs/spec.yaml"), "name: toy\n");
    lab.environment = { R4EC_STORE: undefined };
    const line = `store: ${path.join(project, ".r4ec")}\n`;
    const swept = await lab.runIn("elsewhere", "sweep", "../project/specs/spec.yaml");
    expect([swept.code, swept.stderr]).toEqual([0, expect.stringContaining(line)]);
    expect(await readdir(elsewhere)).toEqual([]);
    for (const [where, command, ...rest] of [
      ["elsewhere", "status", "../project/specs/spec.yaml"],
      ["elsewhere", "compare", "../project/specs/spec.yaml"],
      ["elsewhere", "plan", "../project/specs/spec.yaml"],
      ["project", "status"],
      ["project/specs", "resume"],
      ["project/specs", "gc"],
    ] as const) {
      const { code, stderr } = await lab.runIn(where, command, ...rest);
      expect([command, code, stderr]).toEqual([command, 0, expect.stringContaining(line)]);
    }
    const lost = await lab.runIn("elsewhere", "status");
    expect([lost.code, lost.stderr]).toEqual([2, expect.stringContaining("there is no sweep in")]);
  });

  it("is the one that a settings file of the spec's project names, and flags still win", async () => {
    const project = path.join(lab.folder, "project");
    await mkdir(path.join(project, "specs"), { recursive: true });
    await writeFile(path.join(project, "r4ec.config.yaml"), "store: results\n");
    await writeFile(path.join(project, "specs/spec.yaml"), "name: toy\n");
    lab.environment = { R4EC_STORE: undefined };
    const planned = await lab.runIn(".", "plan", "project/specs/spec.yaml");
    expect(planned.stderr).toContain(
      `store: ${path.join(project, "results")} (${path.join(project, "r4ec.config.yaml")})\n`,
    );
    const flagged = await lab.runIn(".", "plan", "project/specs/spec.yaml", "--store", "mine");
    expect(flagged.stderr).toContain(`store: ${path.join(lab.folder, "mine")} (--store)\n`);
  });
});

describe("a sampled sweep", () => {
  it("names its cells by the draws, and adds only new trials", async () => {
    const sweep = "{sample: {trials: 2, space: {toy.cards: {integer: [0, 1000000]}}}}";
    lab.environment = { R4EC_GPUS: "none" };
    await lab.spec(`name: toy\nsweep: ${sweep}\n`);
    const { stdout } = await lab.run("plan", "spec.yaml", "--json");
    const { cells } = JSON.parse(stdout) as { cells: { id: string; name: string }[] };
    expect(cells.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^cards=\d+$/),
      expect.stringMatching(/^cards=\d+$/),
    ]);
    const more = await lab.run("plan", "spec.yaml", "sweep.sample.trials=3", "--json");
    const longer = (JSON.parse(more.stdout) as { cells: { id: string }[] }).cells;
    expect(longer.slice(0, 2).map(({ id }) => id)).toEqual(cells.map(({ id }) => id));
    expect(longer).toHaveLength(3);
  });
});
