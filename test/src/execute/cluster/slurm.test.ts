import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { machineWithCards } from "../../../support/cards.js";
import type { Lab } from "../../../support/engine.js";
import { eventually, INSTALL, jobsOf, SlurmLab } from "../../../support/slurm/lab.js";

vi.setConfig({ testTimeout: 300_000 });

let slurm: SlurmLab;
/** A job of this sweep runs out of its time while the other tests run: Slurm counts in minutes. */
let late: { readonly lab: Lab; readonly run: ReturnType<Lab["start"]> };

beforeAll(async () => {
  slurm = await SlurmLab.open();
  const lab = await slurm.lab();
  lab.flag("model.hold");
  // It does not hear that its time is nearly up.
  lab.flag("model.deaf");
  // Other tests have node n2 for themselves.
  const settings = "slurm: {time: 1, options: [--nodelist=n1]}\nretries: {timeout: 9}\n";
  late = { lab, run: lab.start("sweep", await lab.spec(toy(settings))) };
}, INSTALL);
afterAll(async () => {
  late.lab.unflag("model.hold");
  await late.lab.close();
  await slurm.close();
});

const toy = (settings = "", more = ""): string => `name: toy\nexecutor: slurm\n${settings}${more}`;
const SEEDS = "sweep: {grid: {seed: [1, 2, 3]}}\n";

const stagesOf = async (lab: Lab) => [...(await lab.state()).stages.values()];
const begun = (lab: Lab): string[] => lab.log().filter((line) => line.startsWith("start "));

test("a sweep runs as jobs, each waiting in the queue for those it needs; equal cells are an array with a limit", async () => {
  const lab = await slurm.labOfTest();
  const spec = await lab.spec(toy("slurm: {limit: 1}\ntoy: {middle: middle}\n", SEEDS));
  lab.flag("base.hold");
  const sweep = lab.start("sweep", spec);
  await lab.logged("holding base");
  // All is submitted while the first job runs.
  await eventually(() => slurm.queued(lab)).toHaveLength(5);
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
  const lab = await slurm.labOfTest();
  const more = "toy: {runner: replica}\nsweep: {grid: {toy.model: [a, b, c, d]}}\n";
  const spec = await lab.spec(toy("slurm: {limit: 2}\n", more));
  expect(await lab.run("sweep", spec)).toMatchObject({ code: 0 });
  const groups = lab.log().filter((line) => line.startsWith("group "));
  expect(groups.sort()).toEqual(["group a b", "group c d"]);
});

test("a job has the cards that Slurm gives it, and no others", async () => {
  const lab = await slurm.labOfTest();
  lab.environment = { ...lab.environment, PATH: await machineWithCards(lab.folder, 2) };
  lab.flag("model.hold");
  const settings = "slurm: {options: [--nodelist=n2]}\ntoy: {cards: 1}\n";
  const sweep = lab.start(
    "sweep",
    await lab.spec(toy(settings, "sweep: {grid: {seed: [1, 2]}}\n")),
  );
  const cards = async () => (await stagesOf(lab)).slice(1).map(({ gpus }) => gpus);
  await eventually(async () => (await cards()).sort()).toEqual([[0], [1]]);
  await eventually(() => sweep.stderr()).toMatch(/model seed=1 started on n2 GPU [01]\n/);
  lab.unflag("model.hold");
  expect(await sweep.finished).toMatchObject({ code: 0 });
});

test("jobs go on while their controller is away; the next one finds them and submits none twice", async () => {
  const lab = await slurm.labOfTest();
  const spec = await lab.spec(toy("", SEEDS));
  lab.flag("base.hold");
  const sweep = lab.start("sweep", spec);
  await lab.logged("holding base");
  await eventually(() => slurm.queued(lab)).toHaveLength(4);
  sweep.child.kill("SIGKILL");
  await sweep.finished;
  // As if it had died before it knew the ids.
  rmSync(path.join(jobsOf(lab), "1", "id"));
  const found = lab.start("resume");
  await eventually(() => found.stderr()).toContain("4 jobs of an earlier run");
  await eventually(async () => (await stagesOf(lab))[0]?.status).toBe("running");
  expect(await slurm.queued(lab)).toHaveLength(4);
  found.child.kill("SIGKILL");
  await found.finished;
  lab.unflag("base.hold");
  await eventually(() => slurm.queued(lab)).toHaveLength(0);
  expect(begun(lab)).toHaveLength(4);
  expect(await lab.run("resume")).toMatchObject({ code: 0 });
  expect(begun(lab)).toHaveLength(4);
  expect((await stagesOf(lab)).map((stage) => stage.status)).toEqual(Array(4).fill("done"));
});

test("stop takes jobs to a checkpoint and out of the queue, with or without a controller", async () => {
  const lab = await slurm.labOfTest();
  lab.flag("model.hold");
  const sweep = lab.start("sweep", await lab.spec(toy("slurm: {limit: 1}\n", SEEDS)));
  await lab.logged("holding model");
  expect(await lab.run("stop")).toMatchObject({ code: 0 });
  expect(await sweep.finished).toMatchObject({ code: 130 });
  expect(await slurm.queued(lab)).toEqual([]);
  lab.forgetLog();
  const again = lab.start("resume");
  await lab.logged("holding model");
  again.child.kill("SIGHUP");
  expect(await again.finished).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("jobs of this sweep go on") as unknown,
  });
  expect(await slurm.queued(lab)).toHaveLength(3);
  const { stdout, stderr } = await lab.run("stop");
  expect([stderr, stdout]).toEqual([expect.stringContaining("no process"), "toy has stopped\n"]);
  expect(await slurm.queued(lab)).toEqual([]);
  lab.unflag("model.hold");
  lab.forgetLog();
  expect(await lab.run("resume")).toMatchObject({ code: 0 });
  expect(begun(lab)).toContain("start model from checkpoint");
});

test("a job that is requeued for another one goes on as the same job, from its checkpoint; one that somebody cancels is tried again", async () => {
  const lab = await slurm.labOfTest();
  lab.flag("model.hold");
  const on = "slurm: {memory: 9G, options: [--nodelist=n2]}\n";
  const sweep = lab.start("sweep", await lab.spec(toy(`${on}retries: {wait: 0}\n`)));
  await lab.logged("holding model");
  const [job] = await slurm.queued(lab);
  const id = job!.split(" ")[1]!;
  const first = await slurm.takePlace("n2");
  await eventually(() => slurm.queued(lab)).toEqual([expect.stringContaining(`${id} PENDING`)]);
  await slurm.run("scancel", first);
  await slurm.hurry(lab, id, () => lab.forgetLog());
  await lab.logged("holding model");
  expect(begun(lab)).toEqual(["start model from checkpoint"]);
  // It is the same job, and the only one.
  expect(await slurm.queued(lab)).toEqual([expect.stringContaining(` ${id} RUNNING`)]);
  expect(readdirSync(jobsOf(lab))).toHaveLength(2);
  await slurm.run("scancel", id);
  await eventually(async () => (await stagesOf(lab))[1]?.retries.length).toBe(1);
  lab.unflag("model.hold");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  const [, model] = await stagesOf(lab);
  expect(model!.retries[0]!.error).toMatchObject({
    class: "other",
    message: expect.stringContaining(`was cancelled, and not by this sweep (job ${id}`) as unknown,
  });
});

test("a job that is ended for another one goes on in a new job; one whose node fails is tried again", async () => {
  const lab = await slurm.labOfTest();
  lab.flag("model.hold");
  const on = "slurm: {partition: cheap, memory: 9G, options: [--nodelist=n2]}\n";
  const sweep = lab.start("sweep", await lab.spec(toy(`${on}retries: {wait: 0}\n`)));
  await lab.logged("holding model");
  lab.forgetLog();
  // From now on it does not hear that it is to end.
  lab.flag("model.deaf");
  const [job] = await slurm.queued(lab);
  const first = await slurm.takePlace("n2");
  const stateOf = async (id: string): Promise<string> =>
    (await slurm.run("squeue", "--noheader", "--states=all", `--jobs=${id}`, "--format=%T")).trim();
  await eventually(() => stateOf(job!.split(" ")[1]!)).toBe("PREEMPTED");
  await slurm.run("scancel", first);
  await lab.logged("holding model");
  expect(begun(lab)).toEqual(["start model from checkpoint"]);
  const [next] = await slurm.queued(lab);
  const id = next!.split(" ")[1]!;
  expect([id, (await stagesOf(lab))[1]!.retries]).toEqual([expect.not.stringMatching(job!), []]);
  await slurm.run("scontrol", "update", `jobid=${id}`, "requeue=0");
  await slurm.run("scontrol", "update", "nodename=n2", "state=down", "reason=test");
  await eventually(() => stateOf(id)).toBe("NODE_FAIL");
  await eventually(async () => (await stagesOf(lab))[1]?.retries.length).toBe(1);
  // A node whose daemon lives may be back by itself.
  const resume = slurm.run("scontrol", "update", "nodename=n2", "state=resume");
  await resume.catch(() => undefined);
  lab.unflag("model.hold");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  expect((await stagesOf(lab))[1]!.retries[0]!.error).toMatchObject({
    class: "lost",
    message: `the node of its job failed (NODE_FAIL) (job ${id} on n2)`,
  });
});

test("a job over its memory asks for more, and one that dies is told apart; what waits for them is submitted again", async () => {
  const lab = await slurm.labOfTest();
  const more = [
    "retries: {wait: 0}",
    "toy: {base_act: take-memory}",
    "sweep: {grid: {toy.model: [a, b]}, include: [{toy.base: other, toy.base_act: crash-once}, {toy.model: full, toy.act: fill-memory}]}\n",
  ];
  const greedy = "stages: {model: {memory_growth: 100}}";
  const spec = await lab.spec(toy(`slurm: {memory: 450M, ${greedy}}\n`, more.join("\n")));
  const { code, stderr } = await lab.run("sweep", spec);
  expect([code, stderr]).toEqual([1, expect.anything()]);
  const stages = await stagesOf(lab);
  const [over, full, other] = ["base base", "model full", "base other"].map((label) =>
    stages.find(({ record }) => record.label === label)!,
  );
  expect(other!.retries.map(({ error }) => error.class)).toEqual(["lost"]);
  const [retry] = over!.retries;
  expect(retry).toMatchObject({
    error: { class: "memory", message: expect.stringMatching(/more memory than it was given/) },
    changed: "with 900 MB of memory (before: 450 MB)",
    jobMemory: 900,
  });
  expect(readFileSync(retry!.error.log!, "utf8")).toContain("memory limit");
  expect(lab.log()).toContain("took 600 MB");
  // Slurm has told the job so.
  const job = (await slurm.run("squeue", "--noheader", "--states=all", "--format=%j %m")).split(
    "\n",
  );
  expect(job.filter((line) => line.endsWith(" 900M"))).toHaveLength(1);
  // No node has so much for it: that ends this stage alone.
  expect([full!.status, full!.error?.class]).toEqual(["failed", "memory"]);
  expect(full!.error?.message).toMatch(/is refused with 45000 MB: sbatch: .*Memory/);
  expect(stages.filter(({ status }) => status === "done")).toHaveLength(5);
});

test("a job looks for its inputs itself, and they are made again where they are damaged", async () => {
  const lab = await slurm.labOfTest();
  const spec = await lab.spec(toy());
  expect(await lab.run("sweep", spec, "--only", "seed=1")).toMatchObject({ code: 0 });
  const base = await lab.fingerprint("base base");
  await slurm.run("scontrol", "update", "nodename=n2", "state=drain", "reason=test");
  const more = "slurm: {stages: {model: {options: [--nodelist=n2]}}}\nseed: 2\n";
  const sweep = lab.start("sweep", await lab.spec(toy("", more), "other.yaml"));
  await eventually(async () => (await slurm.run("squeue", "--noheader")).includes("PD")).toBe(true);
  rmSync(path.join(lab.artifact(base), "out.txt"));
  await slurm.run("scontrol", "update", "nodename=n2", "state=resume");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  expect(begun(lab)).toEqual(["start base", "start model", "start base", "start model"]);
});

test("what Slurm refuses ends the sweep with Slurm's words, and nothing stays in the queue", async () => {
  const lab = await slurm.labOfTest();
  const more = "slurm: {stages: {model: {partition: nowhere}}}\n";
  const { code, stderr } = await lab.run("sweep", await lab.spec(toy(more)));
  expect([code, stderr]).toEqual([3, expect.stringContaining("invalid partition")]);
  await eventually(() => slurm.queued(lab)).toEqual([]);
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
