import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { killController, resumeNodes, startController } from "../../../../scripts/slurm.mjs";
import type { JobLine } from "../../../../src/execute/cluster/orders.js";
import { readJournal } from "../../../../src/journal/index.js";
import type { Lab } from "../../../support/engine.js";
import { until } from "../../../support/engine.js";
import { eventually, INSTALL, jobsOf, SlurmLab } from "../../../support/slurm/lab.js";
import { testToolchainFolder } from "../../../support/toolchain.js";

/** `npm run test:slurm` asks for more, for real cells, and for crashes of Slurm's own controller. */
const KILLS = Number(process.env["R4EC_SLURM_KILLS"] ?? 2);
const CELLS = Number(process.env["R4EC_SLURM_CELLS"] ?? 12);
const CRASHES = Number(process.env["R4EC_SLURM_CRASHES"] ?? 0);
const PACK = Number(process.env["R4EC_SLURM_PACK"] ?? 1);
const REAL = process.env["R4EC_SLURM_REAL"] === "1";
const HOUR = 3_600_000;

const seeds = Array.from({ length: CELLS }, (_, index) => index + 1).join(", ");
const rest = `retries: {lost: 20}\nsweep: {grid: {seed: [${seeds}]}}\n`;
const SPEC = REAL
  ? `name: cells\ndataset: ml-100k\nbackbone: deepfm\nctr: {epochs: 1}\nexecutor: slurm\nslurm: {gpus: 0, memory: 3G, limit: 12, pack: ${PACK}}\n${rest}`
  : `name: toy\nexecutor: slurm\nslurm: {limit: 12, pack: ${PACK}}\ntoy: {middle: middle}\n${rest}`;
/** What the cells need is made by so many stages. */
const SHARED = REAL ? 1 : 2;

let slurm: SlurmLab;
beforeAll(async () => {
  slurm = await SlurmLab.open();
}, INSTALL);
afterAll(() => slurm.close());

/** A lab of the toy, or of the real program. */
async function labOfTest(): Promise<Lab> {
  if (!REAL) return slurm.labOfTest();
  const lab = await slurm.lab(fileURLToPath(new URL("../../../../bin/r4ec.js", import.meta.url)));
  lab.environment["R4EC_TOOLCHAIN"] = testToolchainFolder();
  // The data set comes from where pip is told to look.
  for (const name of ["HOME", "XDG_CONFIG_HOME"]) lab.environment[name] = process.env[name];
  onTestFinished(() => lab.close());
  return lab;
}

/** All that the jobs of a lab's only sweep have said. */
function said(lab: Lab): JobLine[] {
  if (!existsSync(path.join(lab.store, "sweeps"))) return [];
  const jobs = jobsOf(lab);
  if (!existsSync(jobs)) return [];
  const files = readdirSync(jobs, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".events"))
    .flatMap((file) => readFileSync(path.join(jobs, file), "utf8").split("\n"))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JobLine];
      } catch {
        // The end of a file, or a line that is being written.
        return [];
      }
    });
}

test(
  `${CELLS} ${REAL ? "real" : "toy"} cells as arrays; their controller is killed ${KILLS} times: each stage is made once`,
  { timeout: 2 * HOUR },
  async () => {
    const lab = await labOfTest();
    const spec = await lab.spec(SPEC);
    const began = Date.now();
    /** Kills after which Slurm's controller crashes. */
    const crashes = Array.from({ length: CRASHES }, (_, index) =>
      Math.floor(((index + 1) * KILLS) / (CRASHES + 1)),
    );
    // An administrator: to him Slurm leaves the nodes that it has drained.
    const resume = setInterval(() => {
      if (CRASHES > 0) void resumeNodes(slurm.folder).catch(() => undefined);
    }, 5000);
    onTestFinished(() => clearInterval(resume));
    const crash = async (): Promise<void> => {
      await killController(slurm.folder);
      await startController(slurm.folder);
    };
    const ended = (): number => said(lab).filter(({ type }) => type === "end").length;
    for (let kill = 0; kill < KILLS; kill++) {
      const run = lab.start("sweep", spec);
      const isOver = (): boolean => run.child.exitCode !== null;
      await until(() => run.stderr() !== "" || isOver(), "the sweep to begin");
      if (kill > 0) {
        // At any moment of the sweep: also while jobs are submitted, and when all has ended.
        const more = 1 + Math.random() * (CELLS / KILLS);
        const first = ended();
        const wait = { timeout: HOUR, interval: 100 };
        await vi.waitUntil(() => ended() >= first + more || isOver(), wait);
      }
      await sleep(Math.random() * 1500);
      run.child.kill("SIGKILL");
      await run.finished;
      if (crashes.includes(kill)) await crash();
    }
    const last = await lab.run("sweep", spec);
    expect([last.code, last.stderr]).toEqual([0, expect.anything()]);
    const all = CELLS + SHARED;
    // Jobs that Slurm has forgotten are ended by it, and begin again.
    if (CRASHES === 0) expect(said(lab).filter(({ type }) => type === "started")).toHaveLength(all);
    const stages = [...(await lab.state()).stages.values()];
    expect(stages.map(({ status }) => status)).toEqual(Array(all).fill("done"));
    for (const { record, result } of stages.slice(SHARED)) {
      const auc = result?.metrics["test.auc"];
      expect(auc, record.label).toSatisfy((value: number) => value > 0.6 && value < 1);
    }
    const { entries } = await readJournal(path.dirname(jobsOf(lab)));
    const told = entries.filter(({ event }) => event.type === "stage-finished");
    expect(told).toHaveLength(all);
    const seconds = Math.round((Date.now() - began) / 1000);
    process.stderr.write(
      `${CELLS} ${REAL ? "real" : "toy"} cells, ${PACK} in a job, ${KILLS} kills, ${CRASHES} crashes of Slurm: ${seconds} s\n`,
    );
  },
);

// The last one: a controller that comes back may have forgotten what happened to jobs of other tests.
test("a controller of Slurm that dies is waited for", { timeout: 300_000 }, async () => {
  const lab = await slurm.labOfTest();
  lab.flag("model.hold");
  const sweep = lab.start("sweep", await lab.spec("name: toy\nexecutor: slurm\n"));
  await lab.logged("holding model");
  await killController(slurm.folder);
  await eventually(() => sweep.stderr()).toContain("Slurm does not answer");
  lab.unflag("model.hold");
  await lab.logged("end model");
  await startController(slurm.folder);
  expect(await sweep.finished).toMatchObject({ code: 0 });
});
