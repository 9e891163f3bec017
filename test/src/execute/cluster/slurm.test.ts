import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { down, environmentOf, up } from "../../../../scripts/slurm.mjs";
import { Lab } from "../../../support/engine.js";

/** Time for a machine that must install Slurm first. */
const INSTALL = 300_000;

let cluster: string;
let lab: Lab;

beforeAll(async () => {
  cluster = path.join(await mkdtemp(path.join(os.tmpdir(), "slurm-")), "lab");
  await up(cluster, { nodes: 2, cpus: 4, gpus: 2, memory: 8000, keep: 300, cgroup: false });
}, INSTALL);
afterAll(async () => {
  await down(cluster);
  await rm(path.dirname(cluster), { recursive: true, force: true });
});

beforeEach(async () => {
  lab = await Lab.open();
  lab.environment = environmentOf(cluster);
});
afterEach(() => lab.close());

const chain = (more = "", sweep = "sweep: {grid: {seed: [1, 2, 3]}}"): string =>
  `name: toy\nexecutor: slurm\n${more}toy: {middle: middle}\n${sweep}\n`;

test("a sweep runs as jobs, each waiting in the queue for those it needs", async () => {
  const spec = await lab.spec(chain());
  const { code, stderr } = await lab.run("sweep", spec);
  expect([code, stderr]).toEqual([0, expect.stringContaining("5 stages to run")]);
  const { stages } = await lab.state();
  expect([...stages.values()].map(({ status }) => status)).toEqual(Array(5).fill("done"));
  // Three equal cells are one array.
  const jobs = [...stages.values()].map(({ facts }) => String(facts["job.id"]));
  expect(jobs.filter((id) => id.includes("_"))).toHaveLength(3);
  expect(new Set(jobs.map((id) => id.replace(/_.*/, "")))).toHaveProperty("size", 3);
});
