import { existsSync } from "node:fs";
import { readdir, rm, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lab, alive, pidIn, until } from "../../support/engine.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const spec = "name: toy\nsweep:\n  grid: {toy.model: [a, b]}\n";
const starts = (): string[] => lab.log().filter((line) => line.startsWith("start"));

describe("kill -9 of the controller", () => {
  it("takes its workers along, and the next run makes only what is missing", async () => {
    const file = await lab.spec(spec);
    lab.flag("b.hold");
    const run = lab.start("sweep", file);
    const worker = pidIn(await lab.logged("holding b"));
    await lab.logged("end a");
    run.child.kill("SIGKILL");
    await run.finished;
    await until(() => !alive(worker), "the worker to leave");
    lab.unflag("b.hold");
    lab.forgetLog();
    const { code, stderr } = await lab.run("sweep", file);
    expect([code, starts()]).toEqual([0, ["start b"]]);
    expect(stderr).toContain("was killed");
    const state = await lab.state();
    expect([state.status, state.runs]).toEqual(["done", 2]);
    expect(await readdir(path.join(lab.store, "staging"))).toEqual([]);
  });

  it("at the very end of a stage neither loses nor repeats it", async () => {
    const file = await lab.spec(spec);
    const run = lab.start("sweep", file);
    await lab.logged("end base");
    run.child.kill("SIGKILL");
    await run.finished;
    const base = await lab.fingerprint("base base");
    expect(existsSync(lab.artifact(base))).toBe(true);
    expect((await lab.run("sweep", file)).code).toBe(0);
    expect(lab.log().filter((line) => line === "start base")).toHaveLength(1);
  });
});

describe("kill -9 of a worker", () => {
  it("is survived by the sweep", async () => {
    const file = await lab.spec(spec);
    lab.flag("b.hold");
    const run = lab.start("sweep", file);
    const worker = pidIn(await lab.logged("holding b"));
    lab.unflag("b.hold");
    lab.flag("b.killed");
    process.kill(worker, "SIGKILL");
    expect((await run.finished).code).toBe(0);
    expect(await lab.statuses()).toMatchObject({ "model a": "done", "model b": "done" });
  });
});

describe("Ctrl-C", () => {
  it("once drains: stages come to their checkpoint, the next run goes on from it", async () => {
    const file = await lab.spec(spec);
    lab.flag("b.hold");
    const run = lab.start("sweep", file);
    const worker = pidIn(await lab.logged("holding b"));
    await lab.logged("end a");
    run.child.kill("SIGINT");
    const { code, stderr } = await run.finished;
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining("stopping at the next checkpoints"),
    ]);
    expect(alive(worker)).toBe(false);
    expect(await lab.statuses()).toMatchObject({ "model a": "done", "model b": "interrupted" });
    expect((await lab.state()).status).toBe("interrupted");
    lab.unflag("b.hold");
    expect((await lab.run("sweep", file)).code).toBe(0);
    expect(starts()).toContain("start b from checkpoint");
    expect(starts().filter((line) => line.startsWith("start a"))).toHaveLength(1);
  });

  it("twice ends a stage that will not drain, with its whole process tree", async () => {
    const file = await lab.spec(spec);
    lab.flag("b.hold");
    lab.flag("b.deaf");
    const run = lab.start("sweep", file);
    const worker = pidIn(await lab.logged("holding b"));
    run.child.kill("SIGINT");
    await until(() => run.stderr().includes("stopping at the next"), "the drain");
    expect(alive(worker)).toBe(true);
    run.child.kill("SIGINT");
    expect((await run.finished).code).toBe(130);
    expect(alive(worker)).toBe(false);
    expect(await lab.statuses()).toMatchObject({ "model b": "interrupted" });
    lab.unflag("b.hold");
    expect((await lab.run("sweep", file)).code).toBe(0);
  });

  it("is what SIGTERM is too", async () => {
    const file = await lab.spec(spec);
    lab.flag("base.hold");
    const run = lab.start("sweep", file);
    await lab.logged("holding base");
    run.child.kill("SIGTERM");
    expect((await run.finished).code).toBe(130);
    expect(await lab.statuses()).toMatchObject({
      "base base": "interrupted",
      "model a": "waiting",
    });
  });
});

describe("a damaged artifact", () => {
  it("is put aside and made again before anything reads it", async () => {
    await lab.run("sweep", await lab.spec(spec));
    const base = await lab.fingerprint("base base");
    await writeFile(path.join(lab.artifact(base), "out.txt"), "BASE");
    const more = await lab.spec(spec.replace("[a, b]", "[a, b, c]"), "more.yaml");
    lab.forgetLog();
    const { code, stderr } = await lab.run("sweep", more);
    expect([code, starts()]).toEqual([0, ["start base", "start c"]]);
    expect(stderr).toContain("damaged (out.txt does not have its checksum)");
    expect(await lab.output(await lab.fingerprint("model c"))).toBe("c\nbase:base");
    expect(await readdir(path.join(lab.store, "quarantine"))).toHaveLength(1);
  });

  it("that nothing needs any more is left alone; a cell's own is made again", async () => {
    const file = await lab.spec(spec);
    await lab.run("sweep", file);
    const [base, a] = [await lab.fingerprint("base base"), await lab.fingerprint("model a")];
    await truncate(path.join(lab.artifact(a), "out.txt"), 0);
    await rm(path.join(lab.artifact(base), "out.txt"));
    lab.forgetLog();
    expect((await lab.run("sweep", file)).code).toBe(0);
    expect(starts()).toEqual(["start base", "start a"]);
    expect(await lab.output(a)).toBe("a\nbase:base");
  });

  it("while the sweep runs is noticed before the next stage reads it", async () => {
    const file = await lab.spec(`${spec}resources: {cpus: 1}\n`);
    lab.flag("a.hold");
    const run = lab.start("sweep", file);
    await lab.logged("holding a");
    const base = await lab.fingerprint("base base");
    await writeFile(path.join(lab.artifact(base), "out.txt"), "BASE");
    lab.unflag("a.hold");
    expect((await run.finished).code).toBe(0);
    expect(starts()).toEqual(["start base", "start a", "start base", "start b"]);
    expect(await lab.output(await lab.fingerprint("model b"))).toBe("b\nbase:base");
  });
});

describe("two sweeps on one store", () => {
  it("share the work: each stage is made once", async () => {
    const one = await lab.spec(spec, "one.yaml");
    const two = await lab.spec(
      spec.replace("toy", "other").replace("[a, b]", "[b, c]"),
      "two.yaml",
    );
    lab.flag("base.hold");
    const first = lab.start("sweep", one);
    await lab.logged("holding base");
    const second = lab.start("sweep", two);
    await until(() => second.stderr().includes("made by another sweep"), "the second to wait");
    lab.unflag("base.hold");
    expect([(await first.finished).code, (await second.finished).code]).toEqual([0, 0]);
    expect(starts().sort()).toEqual(["start a", "start b", "start base", "start c"]);
  });

  it("of the same spec run one after the other", async () => {
    const file = await lab.spec(spec);
    lab.flag("a.hold");
    const first = lab.start("sweep", file);
    await lab.logged("holding a");
    const second = lab.start("sweep", file);
    await until(
      () => second.stderr().includes("this command waits until it ends"),
      "the second to wait",
    );
    lab.unflag("a.hold");
    expect([(await first.finished).code, (await second.finished).code]).toEqual([0, 0]);
    expect(starts()).toHaveLength(3);
  });

  it("go on where one of them is killed while it makes what both need", async () => {
    const one = await lab.spec(spec, "one.yaml");
    const two = await lab.spec(spec.replace("toy", "other"), "two.yaml");
    lab.flag("base.hold");
    const first = lab.start("sweep", one);
    await lab.logged("holding base");
    const second = lab.start("sweep", two);
    await until(() => second.stderr().includes("made by another sweep"), "the second to wait");
    first.child.kill("SIGKILL");
    await first.finished;
    lab.unflag("base.hold");
    expect((await second.finished).code).toBe(0);
    expect(await lab.statuses()).toMatchObject({ "base base": "done", "model a": "done" });
  });
});
