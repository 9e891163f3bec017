import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { down, environmentOf, up } from "../../../scripts/slurm.mjs";
import { Lab } from "../engine.js";

/** Time for a machine that must install Slurm first, in milliseconds. */
export const INSTALL = 300_000;

/** A Slurm of two nodes on this machine, and labs whose sweeps it runs. */
export class SlurmLab {
  private constructor(readonly folder: string) {}

  static async open(): Promise<SlurmLab> {
    const folder = path.join(await mkdtemp(path.join(os.tmpdir(), "slurm-")), "lab");
    await up(folder, { nodes: 2, cpus: 8, gpus: 2, memory: 16000, keep: 300, cgroup: false });
    return new SlurmLab(folder);
  }

  /** A lab that submits to this Slurm. */
  async lab(program?: string): Promise<Lab> {
    const lab = await Lab.open(program);
    lab.environment = environmentOf(this.folder);
    return lab;
  }

  /** The same for one test. */
  async labOfTest(): Promise<Lab> {
    const lab = await this.lab();
    onTestFinished(() => lab.close());
    return lab;
  }

  /** Runs a command of Slurm and gives what it printed. */
  async run(program: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, ...environmentOf(this.folder) };
    return (await promisify(execFile)(program, args, { env })).stdout;
  }

  /** Jobs of a lab's only sweep that wait or run: name, id and state. */
  async queued(lab: Lab): Promise<string[]> {
    const jobs = jobsOf(lab);
    const names = readdirSync(jobs).map((number) => {
      const text = readFileSync(path.join(jobs, number, "order.json"), "utf8");
      return (JSON.parse(text) as { name: string }).name;
    });
    const lines = await this.run("squeue", "--noheader", "--array", "--format=%j %i %T");
    return lines.split("\n").filter((line) => names.includes(line.split(" ")[0]!));
  }

  /** Submits a job that takes the place of the others on a node, and gives its id. */
  async takePlace(node: string): Promise<string> {
    const its = ["--partition=first", `--nodelist=${node}`, "--mem=12000", "--output=/dev/null"];
    return (await this.run("sbatch", "--parsable", ...its, "--wrap=sleep 600")).trim();
  }

  /**
   * Has a lab's job that was requeued begin again now: Slurm would have it wait for two minutes. Calls back
   * when it waits.
   */
  async hurry(lab: Lab, id: string, waits: () => void): Promise<void> {
    await eventually(() => this.queued(lab)).toEqual([expect.stringContaining(`${id} PENDING`)]);
    waits();
    // Slurm sets the time some moments after it calls the job pending.
    await eventually(() => this.run("squeue", "--noheader", `--jobs=${id}`, "--format=%r")).toBe(
      "BeginTime\n",
    );
    // A node refuses a job that it has killed in the same second, and Slurm calls that the job's failure.
    await this.run("scontrol", "update", `jobid=${id}`, "starttime=now+2seconds");
  }

  async close(): Promise<void> {
    await down(this.folder);
    await rm(path.dirname(this.folder), { recursive: true, force: true });
  }
}

/** Folder of the submissions of a lab's only sweep. */
export const jobsOf = (lab: Lab): string => {
  const [sweep] = readdirSync(path.join(lab.store, "sweeps"));
  return path.join(lab.store, "sweeps", sweep!, "jobs");
};

/** Waits long: the machine may be busy. */
export const eventually = <T>(value: () => T) =>
  expect.poll(value, { timeout: 60_000, interval: 200 });
