import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lab } from "../../support/engine.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const grid = (axes: string, toy = ""): string =>
  `name: toy\n${toy === "" ? "" : `toy: {${toy}}\n`}sweep:\n  grid:\n    ${axes}\n`;

describe("a sweep", () => {
  it("runs a shared stage once, before all that need it, and every cell", async () => {
    const spec = await lab.spec(grid("toy.model: [a, b, c]", "middle: mid"));
    const { code, stdout, stderr } = await lab.run("sweep", spec);
    expect([code, stderr]).toEqual([0, expect.stringContaining("5 stages to run")]);
    expect(stdout).toContain("toy: done");
    const starts = lab.log().filter((line) => line.startsWith("start"));
    expect(starts.slice(0, 2)).toEqual(["start base", "start mid"]);
    expect(starts.slice(2).sort()).toEqual(["start a", "start b", "start c"]);
    expect(await lab.output(await lab.fingerprint("model b"))).toBe("b\nbase:mid\nbase:base");
  });

  it("run again finds all cached, starts no worker and says so in the same sweep", async () => {
    const spec = await lab.spec(grid("toy.model: [a, b]"));
    await lab.run("sweep", spec);
    const before = lab.log();
    const { code, stdout, stderr } = await lab.run("sweep", spec);
    expect([code, lab.log()]).toEqual([0, before]);
    expect(stderr).toContain("0 stages to run, 3 cached");
    expect(stdout).toContain("2 done");
    expect((await lab.state()).runs).toBe(2);
  });

  it("takes what another sweep made", async () => {
    await lab.run("sweep", await lab.spec(grid("toy.model: [a, b]")));
    lab.forgetLog();
    const other = await lab.spec(grid("toy.model: [b, c]").replace("toy\n", "other\n"), "two.yaml");
    expect((await lab.run("sweep", other)).code).toBe(0);
    expect(lab.log()).toEqual(["start c", "end c"]);
    expect(await lab.statuses()).toMatchObject({ "model b": "cached", "model c": "done" });
  });

  it("goes on with other cells where one fails, and skips only what hangs on it", async () => {
    const spec = await lab.spec(
      "name: toy\nsweep:\n  grid:\n    toy.model: [a, b]\n    toy.base_act: [work, fail]\n",
    );
    const { code, stderr } = await lab.run("sweep", spec);
    expect(code).toBe(1);
    expect(stderr).toContain("told to fail");
    const { stages } = await lab.state();
    const states = [...stages.values()].map(({ status }) => status).sort();
    expect(states).toEqual(["done", "done", "done", "failed", "skipped", "skipped"]);
    // What failed is tried again by the next run, what is done is not.
    lab.forgetLog();
    expect((await lab.run("sweep", spec)).code).toBe(1);
    expect(lab.log()).toEqual(["start base"]);
  });

  it("tries once more where a worker died, and fails with its last words where it dies again", async () => {
    const spec = await lab.spec(grid("toy.act: [crash-once, crash]"));
    const { code, stderr } = await lab.run("sweep", spec);
    expect(code).toBe(1);
    const stages = [...(await lab.state()).stages.values()];
    const once = stages.find(({ record }) => record.params["act"] === "crash-once")!;
    const always = stages.find(({ record }) => record.params["act"] === "crash")!;
    expect(once).toMatchObject({ status: "done", attempts: 2 });
    expect(once.retries[0]!.error).toMatchObject({ class: "lost" });
    expect(once.retries[0]!.error.message).toContain("SIGKILL");
    expect(always).toMatchObject({ status: "failed", attempts: 2 });
    expect(always.error).toMatchObject({ kind: "machine", detail: "last words" });
    expect(stderr).toContain("exit status 7");
  });

  it("narrowed by --only runs those cells alone, as part of the same sweep", async () => {
    const spec = await lab.spec(grid("toy.model: [a, b, c]"));
    expect((await lab.run("sweep", spec, "--only", "model=b")).code).toBe(0);
    expect(lab.log()).toContain("end b");
    expect(lab.log()).not.toContain("end a");
    expect((await lab.run("sweep", spec)).code).toBe(0);
    const state = await lab.state();
    expect([state.runs, state.status, state.cells.length]).toEqual([2, "done", 3]);
  });

  it("--dry-run writes nothing", async () => {
    const spec = await lab.spec(grid("toy.model: [a]"));
    const { code, stdout } = await lab.run("sweep", spec, "--dry-run");
    expect([code, stdout]).toEqual([0, expect.stringContaining("to run")]);
    expect(existsSync(lab.store)).toBe(false);
  });

  it("gives its result as JSON", async () => {
    const spec = await lab.spec(grid("toy.model: [a]"));
    const { stdout } = await lab.run("sweep", spec, "--json");
    const result = JSON.parse(stdout) as { cells: { status: string; metrics: object }[] };
    expect(result).toMatchObject({ outcome: "done", cells: [{ status: "done" }] });
    expect(result.cells[0]!.metrics).toMatchObject({ "test.auc": 0.7 });
  });
});

describe("a fused group", () => {
  const spec =
    "name: toy\ntoy: {runner: replica}\nsweep:\n  grid: {toy.model: [a, b, c]}\n" +
    "  include:\n    - {toy.runner: replica, toy.model: bad, toy.act: fail}\n";

  it("is one call, and a replica that fails leaves the others alone", async () => {
    const { code } = await lab.run("sweep", await lab.spec(spec));
    expect(code).toBe(1);
    expect(lab.log().filter((line) => line.startsWith("group"))).toEqual(["group a b bad c"]);
    expect(await lab.statuses()).toEqual({
      "base base": "done",
      "replica a": "done",
      "replica b": "done",
      "replica c": "done",
      "replica bad": "failed",
    });
    const stages = [...(await lab.state()).stages.values()];
    const bad = stages.find(({ record }) => record.label === "replica bad")!;
    expect([bad.error?.message, bad.fusedWith]).toEqual(["bad diverged", 4]);
  });

  it("that dies goes on in smaller groups", async () => {
    const crashing = spec.replace("toy.act: fail", "toy.act: crash-once");
    expect((await lab.run("sweep", await lab.spec(crashing))).code).toBe(0);
    const sizes = lab
      .log()
      .filter((line) => line.startsWith("group"))
      .map((line) => line.split(" ").length - 1);
    expect(sizes[0]).toBe(4);
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(2);
  });
});
