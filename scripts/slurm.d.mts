/** What {@link up} makes. */
export interface SlurmOptions {
  readonly nodes: number;
  /** Cores, GPUs without hardware and megabytes of each node. */
  readonly cpus: number;
  readonly gpus: number;
  readonly memory: number;
  /** Seconds for which the queue remembers a job that has ended. */
  readonly keep: number;
  /** Limits memory by cgroups. */
  readonly cgroup: boolean;
}

/** Starts a Slurm in a folder. */
export function up(folder: string, options: SlurmOptions): Promise<void>;
/** Ends it, jobs first, and removes the folder. */
export function down(folder: string): Promise<void>;
/** Ends the controller as a crash does. */
export function killController(folder: string): Promise<void>;
/** Resumes the nodes that a controller which lost its memory has drained. */
export function resumeNodes(folder: string): Promise<void>;
/** Starts the controller again. */
export function startController(folder: string): Promise<void>;
/** Variables for the commands of Slurm. */
export function environmentOf(folder: string): { SLURM_CONF: string };
