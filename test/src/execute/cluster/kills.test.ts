import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { until } from "../../../support/engine.js";
import { INSTALL, SlurmLab } from "../../../support/slurm/lab.js";

/** `npm run test:slurm` asks for more. */
const KILLS = Number(process.env["R4EC_SLURM_KILLS"] ?? 2);
const CELLS = Number(process.env["R4EC_SLURM_CELLS"] ?? 12);
const HOUR = 3_600_000;

let slurm: SlurmLab;
beforeAll(async () => {
  slurm = await SlurmLab.open();
}, INSTALL);
afterAll(() => slurm.close());

test(
  `${CELLS} cells as arrays; their controller is killed ${KILLS} times: each stage runs once`,
  { timeout: HOUR },
  async () => {
    const lab = await slurm.labOfTest();
    const seeds = Array.from({ length: CELLS }, (_, index) => index + 1).join(", ");
    const spec = await lab.spec(
      `name: toy\nexecutor: slurm\nslurm: {limit: 12}\ntoy: {middle: middle}\nsweep: {grid: {seed: [${seeds}]}}\n`,
    );
    const began = Date.now();
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
    }
    const last = await lab.run("sweep", spec);
    expect([last.code, last.stderr]).toEqual([0, expect.anything()]);
    const begun = lab.log().filter((line) => line.startsWith("start "));
    expect(begun).toHaveLength(CELLS + 2);
    const stages = [...(await lab.state()).stages.values()];
    expect(stages.map(({ status }) => status)).toEqual(Array(CELLS + 2).fill("done"));
    expect(stages.map(({ metrics }) => metrics.length)).toEqual(Array(CELLS + 2).fill(1));
    const seconds = Math.round((Date.now() - began) / 1000);
    process.stderr.write(`${CELLS} cells, ${KILLS} kills: ${seconds} s\n`);
  },
);
