import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import {
  down,
  environmentOf,
  killController,
  startController,
  up,
} from "../../../../scripts/slurm.mjs";
import { Lab } from "../../../support/engine.js";

vi.setConfig({ testTimeout: 300_000 });

/** Time for a machine that must install Slurm first. */
const INSTALL = 300_000;

let cluster: string;
/** A job of this sweep runs out of its time while the other tests run: Slurm counts in minutes. */
let late: { readonly lab: Lab; readonly run: ReturnType<Lab["start"]> };

beforeAll(async () => {
  cluster = path.join(await mkdtemp(path.join(os.tmpdir(), "slurm-")), "lab");
  await up(cluster, { nodes: 2, cpus: 8, gpus: 2, memory: 16000, keep: 300, cgroup: false });
  const lab = await openLab();
  lab.flag("model.hold");
  // It does not hear that its time is nearly up.
  lab.flag("model.deaf");
  late = {
    lab,
    run: lab.start("sweep", await lab.spec(toy("slurm: {time: 1}\nretries: {timeout: 9}\n"))),
  };
}, INSTALL);
afterAll(async () => {
  await late.lab.close();
  await down(cluster);
  await rm(path.dirname(cluster), { recursive: true, force: true });
});

async function openLab(): Promise<Lab> {
  const lab = await Lab.open();
  lab.environment = environmentOf(cluster);
  return lab;
}

async function newLab(): Promise<Lab> {
  const lab = await openLab();
  onTestFinished(() => lab.close());
  return lab;
}

const toy = (settings = "", more = ""): string => `name: toy\nexecutor: slurm\n${settings}${more}`;
const SEEDS = "sweep: {grid: {seed: [1, 2, 3]}}\n";

const slurm = async (program: string, ...args: string[]): Promise<string> => {
  const env = { ...process.env, ...environmentOf(cluster) };
  return (await promisify(execFile)(program, args, { env })).stdout;
};
/** Folder of the submissions of a lab's only sweep. */
const jobsOf = (lab: Lab): string => {
  const [sweep] = readdirSync(path.join(lab.store, "sweeps"));
  return path.join(lab.store, "sweeps", sweep!, "jobs");
};
/** Jobs of a lab's sweep that wait or run: name, id and state. */
const queued = async (lab: Lab): Promise<string[]> => {
  const names = readdirSync(jobsOf(lab)).map((number) => {
    const text = readFileSync(path.join(jobsOf(lab), number, "order.json"), "utf8");
    return (JSON.parse(text) as { name: string }).name;
  });
  const lines = (await slurm("squeue", "--noheader", "--array", "--format=%j %i %T")).split("\n");
  return lines.filter((line) => names.includes(line.split(" ")[0]!));
};
/** Waits long: the machine may be busy. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 60_000, interval: 200 });
const stagesOf = async (lab: Lab) => [...(await lab.state()).stages.values()];
const begun = (lab: Lab): string[] => lab.log().filter((line) => line.startsWith("start "));

test("a sweep runs as jobs, each waiting in the queue for those it needs; equal cells are an array with a limit", async () => {
  const lab = await newLab();
  const spec = await lab.spec(toy("slurm: {limit: 1}\ntoy: {middle: middle}\n", SEEDS));
  lab.flag("base.hold");
  const sweep = lab.start("sweep", spec);
  await lab.logged("holding base");
  // All is submitted while the first job runs.
  await eventually(() => queued(lab)).toHaveLength(5);
  const status = await lab.run("status");
  expect(status.stdout).toMatch(/middle middle +waiting .*job \d+ PENDING \(Dependency\)/);
  const plan = await lab.run("plan", spec);
  expect(plan.stdout).toMatch(/base base .*to run: job \d+ RUNNING/);
  lab.unflag("base.hold");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  const stages = await stagesOf(lab);
  expect(stages.map((stage) => stage.status)).toEqual(Array(5).fill("done"));
  const jobs = stages.map(({ facts }) => String(facts["job.id"]));
  expect(jobs.filter((id) => id.includes("_"))).toHaveLength(3);
  expect(new Set(jobs.map((id) => id.replace(/_.*/, "")))).toHaveProperty("size", 3);
  // No cell began before the one before had ended.
  const models = lab.log().filter((line) => line.endsWith(" model"));
  expect(models).toEqual(Array(3).fill(["start model", "end model"]).flat());
});

test("equal cells that can share a call are packed into a job", async () => {
  const lab = await newLab();
  const more = "toy: {runner: replica}\nsweep: {grid: {toy.model: [a, b, c, d]}}\n";
  const spec = await lab.spec(toy("slurm: {limit: 2}\n", more));
  expect(await lab.run("sweep", spec)).toMatchObject({ code: 0 });
  const groups = lab.log().filter((line) => line.startsWith("group "));
  expect(groups.sort()).toEqual(["group a b", "group c d"]);
});

test("jobs go on while their controller is away; the next one finds them and submits none twice", async () => {
  const lab = await newLab();
  const spec = await lab.spec(toy("", SEEDS));
  lab.flag("base.hold");
  const sweep = lab.start("sweep", spec);
  await lab.logged("holding base");
  await eventually(() => queued(lab)).toHaveLength(4);
  sweep.child.kill("SIGKILL");
  await sweep.finished;
  // As if it had died before it knew the ids.
  rmSync(path.join(jobsOf(lab), "1", "id"));
  const found = lab.start("resume");
  await eventually(() => found.stderr()).toContain("4 jobs of an earlier run");
  await eventually(async () => (await stagesOf(lab))[0]?.status).toBe("running");
  expect(await queued(lab)).toHaveLength(4);
  found.child.kill("SIGKILL");
  await found.finished;
  lab.unflag("base.hold");
  await eventually(() => queued(lab)).toHaveLength(0);
  expect(begun(lab)).toHaveLength(4);
  expect(await lab.run("resume")).toMatchObject({ code: 0 });
  expect(begun(lab)).toHaveLength(4);
  expect((await stagesOf(lab)).map((stage) => stage.status)).toEqual(Array(4).fill("done"));
});

test("stop takes jobs to a checkpoint and out of the queue, with or without a controller", async () => {
  const lab = await newLab();
  lab.flag("model.hold");
  const sweep = lab.start("sweep", await lab.spec(toy("slurm: {limit: 1}\n", SEEDS)));
  await lab.logged("holding model");
  expect(await lab.run("stop")).toMatchObject({ code: 0 });
  expect(await sweep.finished).toMatchObject({ code: 130 });
  expect(await queued(lab)).toEqual([]);
  lab.forgetLog();
  const again = lab.start("resume");
  await lab.logged("holding model");
  again.child.kill("SIGHUP");
  expect(await again.finished).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("jobs of this sweep go on") as unknown,
  });
  expect(await queued(lab)).toHaveLength(3);
  const { stdout, stderr } = await lab.run("stop");
  expect([stderr, stdout]).toEqual([expect.stringContaining("no process"), "toy has stopped\n"]);
  expect(await queued(lab)).toEqual([]);
  lab.unflag("model.hold");
  lab.forgetLog();
  expect(await lab.run("resume")).toMatchObject({ code: 0 });
  expect(begun(lab)).toContain("start model from checkpoint");
});

test("a requeued job goes on from its checkpoint; one that somebody cancels is tried again", async () => {
  const lab = await newLab();
  lab.flag("model.hold");
  const sweep = lab.start("sweep", await lab.spec(toy("retries: {wait: 0}\n")));
  await lab.logged("holding model");
  const [job] = await queued(lab);
  const id = job!.split(" ")[1]!;
  await slurm("scontrol", "requeue", id);
  // Slurm would have it wait for two minutes.
  await eventually(() => queued(lab)).toEqual([expect.stringContaining("PENDING")]);
  lab.forgetLog();
  await slurm("scontrol", "update", `jobid=${id}`, "starttime=now");
  await lab.logged("holding model");
  expect(begun(lab)).toEqual(["start model from checkpoint"]);
  await slurm("scancel", id);
  await eventually(async () => (await stagesOf(lab))[1]?.retries.length).toBe(1);
  lab.unflag("model.hold");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  const [, model] = await stagesOf(lab);
  expect(model!.retries[0]!.error).toMatchObject({
    class: "other",
    message: expect.stringContaining(`was cancelled, and not by this sweep (job ${id}`) as unknown,
  });
});

test("a job over its memory and one that dies are told apart; what waits for them is submitted again", async () => {
  const lab = await newLab();
  const more = [
    "retries: {wait: 0}",
    "toy: {base_act: take-memory}",
    "sweep: {grid: {toy.model: [a, b]}, include: [{toy.base: other, toy.base_act: crash-once}]}\n",
  ];
  const spec = await lab.spec(toy("slurm: {memory: 450M}\n", more.join("\n")));
  const { code, stderr } = await lab.run("sweep", spec);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  const retries = (await stagesOf(lab)).flatMap((stage) => stage.retries.map(({ error }) => error));
  expect(retries.map((error) => error.class).sort()).toEqual(["lost", "memory"]);
  const memory = retries.find((error) => error.class === "memory")!;
  expect(memory.message).toContain("needed more memory than it was given");
  expect(readFileSync(memory.log!, "utf8")).toContain("memory limit");
});

test("a job looks for its inputs itself, and they are made again where they are damaged", async () => {
  const lab = await newLab();
  const spec = await lab.spec(toy());
  expect(await lab.run("sweep", spec, "--only", "seed=1")).toMatchObject({ code: 0 });
  const base = await lab.fingerprint("base base");
  await slurm("scontrol", "update", "nodename=n2", "state=drain", "reason=test");
  const more = "slurm: {stages: {model: {options: [--nodelist=n2]}}}\nseed: 2\n";
  const sweep = lab.start("sweep", await lab.spec(toy("", more), "other.yaml"));
  await eventually(async () => (await slurm("squeue", "--noheader")).includes("PD")).toBe(true);
  rmSync(path.join(lab.artifact(base), "out.txt"));
  await slurm("scontrol", "update", "nodename=n2", "state=resume");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  expect(begun(lab)).toEqual(["start base", "start model", "start base", "start model"]);
});

test("a controller of Slurm that dies is waited for", async () => {
  const lab = await newLab();
  lab.flag("model.hold");
  const sweep = lab.start("sweep", await lab.spec(toy()));
  await lab.logged("holding model");
  await killController(cluster);
  await eventually(() => sweep.stderr()).toContain("Slurm does not answer");
  lab.unflag("model.hold");
  await lab.logged("end model");
  await startController(cluster);
  expect(await sweep.finished).toMatchObject({ code: 0 });
});

test("what Slurm refuses ends the sweep with Slurm's words, and nothing stays in the queue", async () => {
  const lab = await newLab();
  const more = "slurm: {stages: {model: {partition: nowhere}}}\n";
  const { code, stderr } = await lab.run("sweep", await lab.spec(toy(more)));
  expect([code, stderr]).toEqual([3, expect.stringContaining("invalid partition")]);
  expect(await queued(lab)).toEqual([]);
  const wrong = "slurm: {options: [--array=1, --mem=1G], stages: {modle: {}}}\n";
  const refused = await lab.run("sweep", await lab.spec(toy(wrong)));
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain("spec.yaml:3:19 error: r4ec sets --array itself");
  expect(refused.stderr).toContain("--mem is the setting memory");
  expect(refused.stderr).toContain("no kind of stage called modle");
});

test("a job whose time is up is a timeout, and is tried again", { timeout: 180_000 }, async () => {
  const { lab, run } = late;
  const retries = async () => (await stagesOf(lab))[1]?.retries.map(({ error }) => error) ?? [];
  await eventually(async () => (await retries()).length).toBeGreaterThan(0);
  expect((await retries())[0]).toMatchObject({ class: "timeout" });
  lab.unflag("model.hold");
  expect(await run.finished).toMatchObject({ code: 0 });
});
