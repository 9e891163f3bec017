import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { until } from "../../../support/engine.js";
import { killController, resumeNodes, startController } from "../../../../scripts/slurm.mjs";
import { INSTALL, SlurmLab } from "../../../support/slurm/lab.js";

/** `npm run test:slurm` asks for more, and for crashes of Slurm's own controller. */
const KILLS = Number(process.env["R4EC_SLURM_KILLS"] ?? 2);
const CELLS = Number(process.env["R4EC_SLURM_CELLS"] ?? 12);
const CRASHES = Number(process.env["R4EC_SLURM_CRASHES"] ?? 0);
const HOUR = 3_600_000;

let slurm: SlurmLab;
beforeAll(async () => {
  slurm = await SlurmLab.open();
}, INSTALL);
afterAll(() => slurm.close());

test(
  `${CELLS} cells as arrays; their controller is killed ${KILLS} times: each stage is made once`,
  { timeout: HOUR },
  async () => {
    const lab = await slurm.labOfTest();
    const seeds = Array.from({ length: CELLS }, (_, index) => index + 1).join(", ");
    const spec = await lab.spec(
      `name: toy\nexecutor: slurm\nslurm: {limit: 12}\nretries: {lost: 20}\ntoy: {middle: middle}\nsweep: {grid: {seed: [${seeds}]}}\n`,
    );
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
    // A kill comes at any moment of the sweep: also while jobs are submitted, and when all has ended.
    const ended = (): number => lab.log().filter((line) => line === "end model").length;
    for (let kill = 0; kill < KILLS; kill++) {
      const run = lab.start("sweep", spec);
      const first = ended();
      const isOver = (): boolean => run.child.exitCode !== null;
      await until(() => run.stderr() !== "" || isOver(), "the sweep to begin");
      if (kill > 0) await vi.waitUntil(() => ended() > first || isOver(), { timeout: HOUR });
      await sleep(Math.random() * 1500);
      run.child.kill("SIGKILL");
      await run.finished;
      if (crashes.includes(kill)) await crash();
    }
    const last = await lab.run("sweep", spec);
    expect([last.code, last.stderr]).toEqual([0, expect.anything()]);
    // Jobs that Slurm has forgotten are ended by it, and begin again.
    if (CRASHES === 0)
      expect(lab.log().filter((line) => line.startsWith("start "))).toHaveLength(CELLS + 2);
    const stages = [...(await lab.state()).stages.values()];
    expect(stages.map(({ status }) => status)).toEqual(Array(CELLS + 2).fill("done"));
    expect(stages.map(({ metrics }) => metrics.length)).toEqual(Array(CELLS + 2).fill(1));
    const seconds = Math.round((Date.now() - began) / 1000);
    process.stderr.write(
      `${CELLS} cells, ${KILLS} kills, ${CRASHES} crashes of Slurm: ${seconds} s\n`,
    );
  },
);
