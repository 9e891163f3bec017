import { randomBytes } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Fingerprint } from "../../base/fingerprint.js";
import type { ReadyToolchain, StageError } from "../../contract/runner.js";
import type { ClusterOptions } from "./options.js";
import type { Order, Submission } from "./orders.js";
import { jobsFolder, submissionFolders, writeId, writeOrder } from "./orders.js";
import type { Pack } from "./pack.js";

/** The program that a job runs. */
const ENTRY = fileURLToPath(new URL("./job.js", import.meta.url));
/** A job is told to come to a checkpoint so many seconds before its time is up. */
const WARNING = 60;
/** A shorter job would be told so as soon as it begins: Slurm counts in minutes. */
const SHORTEST_WARNED = 5 * 60;

/** What a submission has beside its stages. */
export interface Circumstances {
  readonly toolchain: ReadyToolchain;
  /** Ids of jobs that must have ended well. */
  readonly after: readonly string[];
  /** Ids of jobs that must have ended, however. */
  readonly behind: readonly string[];
  /** What its jobs have of the limit of jobs that run at the same time. */
  readonly places: readonly number[];
  /** Ids of jobs that are over. */
  readonly over: readonly string[];
  readonly tightened: (stage: Fingerprint) => number;
}

/** Writes orders and hands them to the queue. */
export class Submitter {
  /** Beginning of the names of all jobs of the sweep. */
  readonly prefix: string;
  #last: number | null = null;
  readonly #variables = new Map<string, { readonly [name: string]: string }>();

  constructor(private readonly options: ClusterOptions) {
    this.prefix = `r4ec-${options.plan.sweep}`;
  }

  /** The toolchain for these parts, the error with which its stages end, or that the sweep is ending. */
  async toolchain(parts: readonly string[]): Promise<ReadyToolchain | StageError | "aborted"> {
    const { toolchain } = this.options;
    const ready = toolchain.ready(parts);
    if (ready !== null) return ready;
    return (await toolchain.open(parts)) ?? toolchain.ready(parts) ?? "aborted";
  }

  /** Writes the order of a pack. */
  async prepare(pack: Pack, circumstances: Circumstances): Promise<Submission> {
    const { sweepFolder, serves, environment, failures } = this.options;
    this.#last ??= Number(path.basename((await submissionFolders(sweepFolder)).at(-1) ?? "0"));
    const number = ++this.#last;
    const folder = path.join(jobsFolder(sweepFolder), `${number}`);
    const { seconds } = pack.settings;
    const order: Order = {
      system: this.options.cluster.system,
      // The same sweep may run in another store too.
      name: `${this.prefix}-${number}-${randomBytes(4).toString("hex")}`,
      serves,
      toolchain: circumstances.toolchain,
      environment,
      mps: this.options.mps,
      ...{ cpus: pack.cpus, gpus: pack.gpus, memory: pack.settings.memory, seconds },
      places: circumstances.places,
      over: circumstances.over,
      tasks: pack.tasks.map((calls) => ({
        calls: calls.map(({ stages, wanted }) => ({
          stages: stages.map(({ record, execution, files, needs }) => ({
            order: { record, execution, files },
            needs,
          })),
          wanted,
          tightened: Math.max(
            ...stages.map(({ record }) => circumstances.tightened(record.fingerprint)),
          ),
          limit: failures.timeLimits[pack.runner] ?? null,
        })),
      })),
    };
    this.#variables.set(folder, await writeOrder(folder, order));
    return { folder, order, id: null };
  }

  /** Submits it and gives its id. */
  async submit(
    pack: Pack,
    { folder, order }: Submission,
    { after, behind, places }: Circumstances,
  ): Promise<string> {
    const { queue, cluster } = this.options;
    const { seconds, memory, partition, account, options, environment } = pack.settings;
    const id = await queue.submit({
      name: order.name,
      command: [process.execPath, "--enable-source-maps", ENTRY, cluster.system, folder],
      tasks: order.tasks.length,
      atOnce: places.length,
      ...{ cpus: pack.cpus, gpus: pack.gpus, memory, seconds, partition, account, options },
      warning: seconds !== null && seconds >= SHORTEST_WARNED ? WARNING : 0,
      ...{ after, behind },
      environment: {
        ...process.env,
        ...environment,
        ...this.#variables.get(folder),
      },
      folder,
    });
    await writeId(folder, id);
    return id;
  }
}
