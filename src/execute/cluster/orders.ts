import { link, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { draftOf } from "../../base/draft.js";
import type { Fingerprint } from "../../base/fingerprint.js";
import type { JsonObject } from "../../base/json.js";
import { redactJson } from "../../base/redact.js";
import type { ReadyToolchain, Resources, RunnerEvent, KeptResult } from "../../contract/runner.js";
import { isErrno, makeFolder, writeDurable } from "../../store/index.js";
import { namesIn } from "../../store/store.js";
import type { TaskEnd, TaskOrder, WorkerArguments } from "../messages.js";

/**
 * What the controller and the jobs of a cluster tell each other, as files of the sweep's folder: each
 * submission has a folder `jobs/N`. The controller writes `order.json` first, then submits, then
 * writes `id`. Task I takes `I.claim` when it begins, and appends to `I.events`. `closed`: nothing of
 * the submission is open any more. So a controller may end at any moment and be started anywhere.
 */

/** A stage of a job: what its runner is told, and what must be in the store before. */
export interface JobStage {
  readonly order: TaskOrder;
  readonly needs: readonly Fingerprint[];
}

/** Stages that are run by one call of their runner. */
export interface JobCall {
  readonly stages: readonly JobStage[];
  /** What the call takes of the job's cores and cards. */
  readonly wanted: Resources;
  /** How often its stages were told to need less of a card's memory. */
  readonly tightened: number;
  /** Seconds that the call may take; null: as long as it likes. */
  readonly limit: number | null;
}

/** Calls that one job runs, side by side where it has room. */
export interface JobTask {
  readonly calls: readonly JobCall[];
}

/** A submission: equal jobs with different stages. */
export interface Order {
  /** Name of the cluster's system. */
  readonly system: string;
  /** Its name in the queue. */
  readonly name: string;
  readonly serves: WorkerArguments;
  readonly toolchain: ReadyToolchain;
  /** Variables of the workers beside the job's own. */
  readonly environment: { readonly [name: string]: string };
  /** Cores of a job, and whether it has cards. */
  readonly cpus: number;
  readonly gpus: number;
  /** Whether its programs that share a card do so by NVIDIA's MPS; left out by an earlier version: no. */
  readonly mps?: boolean;
  /** Megabytes that a job asks for; null, or left out by an earlier version: what the cluster gives. */
  readonly memory?: number | null;
  /** Its places among those of the limit of jobs at the same time; left out by an earlier version. */
  readonly places?: readonly number[];
  /** By an earlier version: most of its tasks that run at the same time. */
  readonly atOnce?: number;
  /** Seconds that a job may run; null: it is not limited. */
  readonly seconds: number | null;
  /** Keys of earlier tasks that are known to have ended: their locks are dead. */
  readonly over: readonly string[];
  readonly tasks: readonly JobTask[];
}

/** What a job says, a line each. */
export type JobLine =
  | {
      readonly type: "began";
      readonly job: string;
      readonly node: string;
      /** The job was requeued, and has begun before. */
      readonly again: boolean;
      /** Megabytes that it was given; null, or left out by an earlier version: it does not know. */
      readonly memory?: number | null;
      /** GPUs that it sees, of those that it was to have; left out by an earlier version. */
      readonly gpus?: number;
    }
  | {
      readonly type: "started";
      readonly stage: Fingerprint;
      /** Number of the process that runs it; left out by an earlier version. */
      readonly worker?: number;
      readonly gpus: readonly number[];
      readonly fusedWith: number;
    }
  | { readonly type: "event"; readonly stage: Fingerprint; readonly event: RunnerEvent }
  | { readonly type: "end"; readonly stage: Fingerprint; readonly end: TaskEnd }
  /** Its artifact was there already. */
  | { readonly type: "cached"; readonly stage: Fingerprint; readonly result: KeptResult }
  | {
      readonly type: "lacking";
      readonly stage: Fingerprint;
      readonly inputs: readonly Fingerprint[];
    }
  | {
      readonly type: "damaged";
      readonly stage: Fingerprint;
      readonly reason: string;
      readonly movedTo: string;
    }
  /** Nothing follows in this run of the job. `drained`: it was told to end. */
  | { readonly type: "over"; readonly drained: boolean; readonly late: boolean };

/** Variable in which a submission hands on what no file may hold: execution settings with secrets. */
export const SECRETS_VARIABLE = "R4EC_JOB_SETTINGS";

/** Folder of a sweep's submissions. */
export const jobsFolder = (sweepFolder: string): string => path.join(sweepFolder, "jobs");

/** Files of a task. */
export const taskFiles = (
  folder: string,
  task: number,
): { claim: string; events: string; read: string; log: string } => {
  const of = (name: string): string => path.join(folder, `${task}.${name}`);
  return { claim: of("claim"), events: of("events"), read: of("read"), log: of("log") };
};

/**
 * Writes an order into a new folder, and gives the variables that its submission needs besides: no
 * file holds a secret that stands in a setting.
 */
export async function writeOrder(
  folder: string,
  order: Order,
): Promise<{ readonly [name: string]: string }> {
  const hidden: { [stage: string]: JsonObject } = {};
  for (const { order: one } of stagesOf(order)) {
    if (redactJson(one.execution) !== one.execution) hidden[one.record.fingerprint] = one.execution;
  }
  await makeFolder(folder);
  await writeDurable(path.join(folder, "order.json"), JSON.stringify(redactJson(order)));
  return Object.keys(hidden).length === 0 ? {} : { [SECRETS_VARIABLE]: JSON.stringify(hidden) };
}

/** Names a task for ever, unlike an id, which a cluster that lost its memory may give twice. */
export const taskKey = ({ name }: Pick<Order, "name">, task: number): string => `${name}/${task}`;

/** The run of a task that holds a lock; a requeued job has several. */
export interface LockedBy {
  readonly task: string;
  readonly run: number;
}

/** As a lock's file names it. */
export const writeLockedBy = ({ task, run }: LockedBy): string => `${task}@${run}`;

/** What {@link writeLockedBy} wrote; null: it is none of that. */
export function readLockedBy(text: string): LockedBy | null {
  const [, task, run] = /^(.+)@(\d+)$/.exec(text) ?? [];
  return task === undefined ? null : { task, run: Number(run) };
}

/** All stages of an order, or of one task. */
export const stagesOf = ({ tasks }: Pick<Order, "tasks">): readonly JobStage[] =>
  tasks.flatMap(({ calls }) => calls.flatMap(({ stages }) => stages));

/** An order as it was written. */
export const readOrder = async (folder: string): Promise<Order> =>
  JSON.parse(await readFile(path.join(folder, "order.json"), "utf8")) as Order;

/** A submission as its folder tells it. */
export interface Submission {
  readonly folder: string;
  readonly order: Order;
  /** Id in the queue; null: it may have been submitted, or not. */
  readonly id: string | null;
}

/** Submissions of a sweep that are not closed, in their order. */
export async function openSubmissions(sweepFolder: string): Promise<readonly Submission[]> {
  const found: Submission[] = [];
  for (const folder of await submissionFolders(sweepFolder)) {
    const names = new Set(await namesIn(folder));
    if (names.has("closed") || !names.has("order.json")) continue;
    const id = names.has("id") ? (await readFile(path.join(folder, "id"), "utf8")).trim() : "";
    found.push({ folder, order: await readOrder(folder), id: id === "" ? null : id });
  }
  return found;
}

/** Folders of all submissions of a sweep, by their numbers. */
export async function submissionFolders(sweepFolder: string): Promise<readonly string[]> {
  const parent = jobsFolder(sweepFolder);
  const names = (await namesIn(parent)).filter((name) => /^\d+$/.test(name));
  names.sort((a, b) => Number(a) - Number(b));
  return names.map((name) => path.join(parent, name));
}

/** Keeps the id that the queue gave. */
export const writeId = (folder: string, id: string): Promise<void> =>
  writeDurable(path.join(folder, "id"), `${id}\n`);

/** Nothing of a submission is open any more. */
export const closeSubmission = (folder: string): Promise<void> =>
  writeDurable(path.join(folder, "closed"), "");

/**
 * Takes a task for a job, or, with a word that is no job's id, takes it away from every job. Gives who
 * has it: the first one to ask, for ever.
 */
export async function claimTask(folder: string, task: number, who: string): Promise<string> {
  const { claim } = taskFiles(folder, task);
  const draft = draftOf(claim);
  await writeFile(draft, who);
  try {
    // Unlike an open with O_EXCL, this holds on every version of NFS, and the file appears whole.
    await link(draft, claim);
    return who;
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    return await readFile(claim, "utf8");
  } finally {
    await rm(draft, { force: true });
  }
}

/** Who has a task; null: nobody yet. */
export const claimOf = (folder: string, task: number): Promise<string | null> =>
  readFile(taskFiles(folder, task).claim, "utf8").catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  });
