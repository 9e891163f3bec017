import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { FakeMachine, machineWithCards } from "../../../support/cards.js";
import { openSubmissions } from "../../../../src/execute/cluster/orders.js";
import type { Lab } from "../../../support/engine.js";
import { machineWithMps } from "../../../support/mps.js";
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

test("a sweep runs as jobs, each waiting in the queue for those it needs; equal cells are an array", async () => {
  const lab = await slurm.labOfTest();
  const spec = await lab.spec(toy("toy: {middle: middle}\n", SEEDS));
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
});

test("more arrays than the limit has places wait for each other; a job that waited and is cancelled by hand is tried again", async () => {
  const lab = await slurm.labOfTest();
  const grid = "sweep: {grid: {toy.base: [a, b, c], seed: [1, 2, 3]}}\n";
  const spec = await lab.spec(toy("slurm: {limit: 2}\nretries: {wait: 0}\n", grid));
  for (const name of ["a", "b", "model"]) lab.flag(`${name}.hold`);
  const sweep = lab.start("sweep", spec);
  await lab.logged("holding a");
  await lab.logged("holding b");
  // All is in the queue: it needs no controller to go on.
  await eventually(() => slurm.queued(lab)).toHaveLength(12);
  lab.unflag("a.hold");
  await lab.logged("end a");
  lab.unflag("b.hold");
  const held = (): number => lab.log().filter((line) => line.startsWith("holding model")).length;
  await eventually(held).toBe(2);
  const waiting = (await slurm.queued(lab)).filter((line) => / \d+_\d+ PENDING$/.test(line));
  await slurm.run("scancel", waiting.at(-1)!.split(" ")[1]!);
  const retries = async () =>
    (await stagesOf(lab)).flatMap((stage) => stage.retries.map(({ error }) => error.class));
  await eventually(retries).toEqual(["other"]);
  lab.unflag("model.hold");
  expect(await sweep.finished).toMatchObject({ code: 0 });
  const stages = await stagesOf(lab);
  expect(stages.map(({ status }) => status)).toEqual(Array(12).fill("done"));
  let running = 0;
  const most = lab.log().map((line) => {
    if (line.startsWith("start ")) running += 1;
    if (line.startsWith("end ")) running -= 1;
    return running;
  });
  expect(Math.max(...most)).toBe(2);
});

test("equal cells that can share a call are packed into a job", async () => {
  const lab = await slurm.labOfTest();
  const more = "toy: {runner: replica}\nsweep: {grid: {toy.model: [a, b, c, d]}}\n";
  const spec = await lab.spec(toy("slurm: {limit: 2, gpus: 1}\n", more));
  const { code, stderr } = await lab.run("sweep", spec);
  // Slurm's GPUs are names without hardware.
  const none = /warning: Slurm gave job \d+\S* a GPU, and the job sees none on n\d/g;
  expect([code, stderr.match(none)]).toEqual([0, [expect.anything()]]);
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

test("a stage fails and says why where its node has no card with the memory that it needs", async () => {
  const lab = await slurm.labOfTest();
  lab.environment = { ...lab.environment, PATH: await machineWithCards(lab.folder, 2) };
  const settings = "slurm: {options: [--nodelist=n2]}\nretries: {gpu: 0}\n";
  const { code, stderr } = await lab.run(
    "sweep",
    await lab.spec(toy(settings, "toy: {memory: 102400}\n")),
  );
  expect(stderr).toContain("no GPU that it may use here has 100G of memory");
  expect(code).toBe(1);
  const [base] = await stagesOf(lab);
  expect(base).toMatchObject({ status: "failed", error: { class: "gpu" } });
  expect(begun(lab)).toEqual([]);
});

test("cells that share a job's card do so as on one machine: as one group where they can, else by MPS", async () => {
  const lab = await slurm.labOfTest();
  const file = path.join(lab.folder, "mps.log");
  const { path: programs } = new FakeMachine(lab.folder, 2);
  lab.environment = { ...lab.environment, ...machineWithMps(lab.folder, file, programs) };
  const more = "resources: {toys_per_card: 2}\ntoy: {cards: 1, act: tell-mps}\n";
  const grid = "sweep: {grid: {toy.runner: [model, replica], toy.model: [a, b]}}\n";
  const spec = await lab.spec(toy("slurm: {pack: 2}\n", `${more}${grid}`));
  expect(await lab.run("sweep", spec)).toMatchObject({ code: 0 });
  expect(lab.log().filter((line) => line.startsWith("group "))).toEqual(["group a b"]);
  const [, ...cells] = await stagesOf(lab);
  expect(cells.map(({ record, fusedWith }) => [record.runner, fusedWith])).toEqual([
    ...[
      ["model", 1],
      ["model", 1],
    ],
    ...[
      ["replica", 2],
      ["replica", 2],
    ],
  ]);
  expect(new Set(cells.map(({ facts }) => facts["job.id"]))).toHaveProperty("size", 2);
  const folders = lab.log().flatMap((line) => /^mps \S+ (\S+)/.exec(line)?.[1] ?? []);
  const daemon = expect.stringMatching(/^\/tmp\/r4ec-mps-/) as unknown;
  expect(folders.sort()).toEqual([daemon, daemon, "none", "none"]);
  // It ended with its job.
  const daemons = readFileSync(file, "utf8").trim().split("\n");
  expect(daemons).toEqual([expect.stringMatching(/^start \d+ GPU-[^,]+$/), "quit -t 2"]);
  expect(existsSync(folders[0]!)).toBe(false);
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
  const sweep = lab.start(
    "sweep",
    await lab.spec(toy("slurm: {limit: 1}\nretries: {wait: 0}\n", SEEDS)),
  );
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
  expect(sweep.stderr()).toContain("model model interrupted; another job continues it");
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
    error: {
      class: "memory",
      message: expect.stringMatching(/more memory than the 450 MB that it was given/),
    },
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
  const words = /sbatch: invalid partition specified: nowhere; Batch job submission failed: /;
  expect([code, stderr]).toEqual([3, expect.stringMatching(words)]);
  await eventually(() => slurm.queued(lab)).toEqual([]);
  // The run is over, and leaves nothing to the next one.
  const state = await lab.state();
  expect([state.status, await openSubmissions(path.dirname(jobsOf(lab)))]).toEqual([
    "interrupted",
    [],
  ]);
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
