import { execFile } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ExitCode, UserError } from "../../base/exit.js";
import { writeDurable } from "../../store/index.js";
import type { JobEnd, JobHere, JobRequest, JobSeen, Queue } from "./queue.js";
import { QueueFull, QueueSilent } from "./queue.js";

/** Slurm by its commands sbatch, squeue and scancel. It needs no accounting. */
export class Slurm implements Queue {
  readonly name = "Slurm";

  constructor(private readonly environment: NodeJS.ProcessEnv = process.env) {}

  async submit(request: JobRequest): Promise<string> {
    // sbatch takes a script: this one is only a door to the command.
    const script = path.join(request.folder, "job.sh");
    await writeDurable(script, SCRIPT);
    const args = [...optionsOf(request), script, ...request.command];
    const { stdout } = await this.#run("sbatch", args, outsideJobs(request.environment));
    // With several clusters: `12;name`.
    const id = /^(\d+)/.exec(stdout)?.[1];
    if (id === undefined) throw new Error(`sbatch does not tell a job's id: ${stdout}`);
    return id;
  }

  taskId(id: string, task: number, tasks: number): string {
    return tasks === 1 ? id : `${id}_${task}`;
  }

  async look(beginning: string): Promise<readonly JobSeen[]> {
    const form = "--format=%F|%K|%T|%r|%j";
    const args = ["--noheader", "--array", "--states=all", "--me", form];
    const { stdout } = await this.#run("squeue", args);
    return stdout.split("\n").flatMap((line) => {
      const [id, index, state, reason, ...rest] = line.trim().split("|");
      const name = rest.join("|");
      if (!name.startsWith(beginning)) return [];
      const task = /^\d+$/.test(index!) ? Number(index) : 0;
      return [
        {
          id: id!,
          name,
          task,
          state: stateOf(state!, reason!),
          words: reason === "None" ? state! : `${state} (${reason})`,
        },
      ];
    });
  }

  async cancel(ids: readonly string[], how: "drain" | "now"): Promise<void> {
    if (ids.length === 0) return;
    if (how === "now") {
      await this.#run("scancel", ids);
      return;
    }
    await this.#run("scancel", ["--state=PENDING", ...ids]);
    // Without --batch the signal goes to the steps of a job alone, and it has none.
    await this.#run("scancel", ["--batch", "--signal=TERM", "--state=RUNNING", ...ids]);
  }

  here(): JobHere | null {
    const of = (name: string): string | undefined => this.environment[`SLURM_${name}`];
    const id = of("JOB_ID");
    if (id === undefined) return null;
    const array = of("ARRAY_JOB_ID");
    const perNode = Number(of("MEM_PER_NODE") ?? 0);
    const perCore = Number(of("MEM_PER_CPU") ?? 0) * Number(of("CPUS_ON_NODE") ?? 0);
    return {
      id: array === undefined ? id : `${array}_${of("ARRAY_TASK_ID")}`,
      node: this.environment["SLURMD_NODENAME"] ?? os.hostname(),
      run: Number(of("RESTART_COUNT") ?? 0),
      // 0: all that the node has.
      memory: perNode || perCore || null,
    };
  }

  /** Runs a command of Slurm. It waits for a controller that is away for a while by itself. */
  async #run(
    program: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = this.environment,
  ): Promise<{ stdout: string }> {
    try {
      return await promisify(execFile)(program, args, {
        env: environment,
        maxBuffer: 256 * 1024 * 1024,
        timeout: 120_000,
      });
    } catch (error) {
      const {
        code,
        stderr = "",
        killed,
      } = error as NodeJS.ErrnoException & {
        stderr?: string;
        killed?: boolean;
      };
      if (code === "ENOENT") {
        throw new UserError(`executor: slurm needs ${program}, and there is no such program here`, {
          exitCode: ExitCode.environment,
          hint: "run r4ec on a machine that submits jobs to the cluster",
        });
      }
      const said = stderr.trim();
      const refusal =
        program === "sbatch" || /Invalid user|Unable to initialize|unrecognized option/u.test(said);
      // A question that is not answered says nothing about what was asked, in whatever words.
      if (killed === true || SILENT.test(said) || !(refusal || GONE.test(said)))
        throw new QueueSilent(said, { cause: error });
      if (FULL.test(said)) throw new QueueFull(said, { cause: error });
      // What is over already needs no end.
      if (program === "scancel" && GONE.test(said)) return { stdout: "" };
      throw new UserError(
        `${program}: ${said.replace(/^\w+: error: /gmu, "").replaceAll("\n", "; ")}`,
        {
          exitCode: ExitCode.environment,
          hint: "the settings of jobs stand in the spec's block slurm",
        },
      );
    }
  }
}

/** Becomes the command, which hears its own task's number. */
const SCRIPT = `#!/bin/sh
exec "$@" "\${SLURM_ARRAY_TASK_ID:-0}"
`;

/** What the commands say where slurmctld does not answer. */
const SILENT =
  /Unable to contact slurm controller|Connection refused|Connection timed out|Socket timed out|socket error|Zero Bytes were transmitted|Transport endpoint|in standby mode|Slurm backup controller|try again later|Message receive failure|Communication connection failure/iu;

/** What scancel says of jobs that are over. */
const GONE = /Invalid job id|already completing|already finish/iu;

/** What sbatch says where a user's limit of jobs in the queue is reached. */
const FULL = /job submit limit|MaxSubmitJob|Slurm temporarily unable to accept job/iu;

/** Why a job waits that Slurm itself holds; it begins only if somebody releases it. */
const HELD = /launch.failed.requeued.held|JobHoldMaxRequeue/iu;

/** A job's environment without what Slurm told of the job that submits it, which sbatch would obey. */
const outsideJobs = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) =>
        !/^(?:SLURM_|SBATCH_|SLURMD_|CUDA_VISIBLE_DEVICES$)/.test(name) || name === "SLURM_CONF",
    ),
  );

function optionsOf(request: JobRequest): string[] {
  const { tasks, atOnce, seconds, warning, after, behind, folder } = request;
  const array = tasks > 1;
  const output = path.join(folder.replaceAll("%", "%%"), array ? "%a.log" : "0.log");
  const minutes = seconds === null ? null : Math.ceil(seconds / 60);
  // A dependency on a job that the controller has forgotten counts as met: a task looks for itself.
  const dependency = [
    ...(after.length > 0 ? [`afterok:${after.join(":")}`] : []),
    ...(behind.length > 0 ? [`afterany:${behind.join(":")}`] : []),
  ];
  const options: (string | null)[] = [
    "--parsable",
    `--job-name=${request.name}`,
    array ? `--array=0-${tasks - 1}%${atOnce}` : null,
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${request.cpus}`,
    request.gpus > 0 ? `--gres=gpu:${request.gpus}` : null,
    request.memory === null ? null : `--mem=${request.memory}`,
    minutes === null ? null : `--time=${minutes}`,
    warning > 0 ? `--signal=B:TERM@${warning}` : null,
    request.partition === null ? null : `--partition=${request.partition}`,
    request.account === null ? null : `--account=${request.account}`,
    dependency.length > 0 ? `--dependency=${dependency.join(",")}` : null,
    "--kill-on-invalid-dep=yes",
    "--requeue",
    "--open-mode=append",
    `--output=${output}`,
    `--chdir=${folder}`,
    ...request.options,
  ];
  return options.filter((option) => option !== null);
}

/** A job's state as Slurm names it (squeue(1), JOB STATE CODES). */
function stateOf(state: string, reason: string): JobSeen["state"] {
  const failed = (of: "memory" | "timeout" | "lost" | "other", message: string): JobEnd => ({
    how: "failed",
    class: of,
    message,
  });
  switch (state) {
    case "COMPLETED":
      return { how: "completed" };
    case "CANCELLED":
    case "REVOKED":
      return { how: "cancelled", forParent: /^Dependency/.test(reason) };
    case "PREEMPTED":
      return { how: "preempted" };
    case "TIMEOUT":
    case "DEADLINE":
      return failed("timeout", `its job ran out of time (${state})`);
    case "OUT_OF_MEMORY":
      return failed("memory", `its job needed more memory than it was given (${state})`);
    case "NODE_FAIL":
    case "BOOT_FAIL":
      return failed("lost", `the node of its job failed (${state})`);
    case "FAILED":
    case "LAUNCH_FAILED":
    case "RECONFIG_FAIL":
      return failed("lost", `its job ended unexpectedly (${state}, ${reason})`);
    case "PENDING":
      return HELD.test(reason) ? "held" : "pending";
    case "REQUEUED":
    case "REQUEUE_FED":
    case "REQUEUE_HOLD":
    case "RESV_DEL_HOLD":
    case "SPECIAL_EXIT":
      return "pending";
    default:
      // RUNNING, COMPLETING, CONFIGURING, SUSPENDED, STOPPED, RESIZING, SIGNALING, STAGE_OUT.
      return "running";
  }
}
