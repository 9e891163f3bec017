import type { UserError } from "../../base/exit.js";
import type { StageError } from "../../contract/runner.js";
import type { LiveTask } from "./live-task.js";
import type { JobEnd } from "./queue.js";

/** What follows for a stage whose job has ended without its result. */
export type Outcome =
  /** Nothing happened to it: it is submitted again, or stays for the next run. */
  | "again"
  /** It goes on from its checkpoint; `goesOn`: what that is called where it happens for ever. */
  | { readonly goesOn: StageError }
  | { readonly error: StageError };

/** What Slurm's daemons and the kernel write where a job needed more memory than it was given. */
const NO_MEMORY = /exceeded (?:job )?memory limit|oom[-_ ]?kill|Out Of Memory/iu;

const memoryWords = (megabytes: number | null): string =>
  `its job needed more memory than ${megabytes === null ? "it was given" : `the ${megabytes} MB that it was given`}: give it more by the setting memory of the spec's jobs`;

/** How a stage fails whose job needed more memory than any node has for it. */
export const refusedMemory = (megabytes: number, refusal: UserError): StageError => ({
  kind: "machine",
  class: "memory",
  message: `its job needed more memory than it was given, and is refused with ${megabytes} MB: ${refusal.message}`,
});

/** Decides by the job's end what follows for one of its stages. */
export async function endOf(
  task: LiveTask,
  at: {
    /** Whether the stage had begun. */
    readonly ran: boolean;
    readonly inputsMade: boolean;
    /** Whether the sweep is being stopped. */
    readonly stopping: boolean;
  },
): Promise<Outcome> {
  const state = task.seen?.state ?? null;
  const end: JobEnd | null = typeof state === "object" ? state : null;
  if (at.stopping && task.cancelled !== "no") return "again";
  const lines = await task.lastLines();
  const memory = memoryWords(task.memory);
  const where = { ...(lines !== "" && { detail: lines }), log: task.log };
  const error = (of: NonNullable<StageError["class"]>, what: string): StageError => ({
    kind: "machine",
    class: of,
    message: `${what} (${task.words}${task.node === null ? "" : ` on ${task.node}`})`,
    ...where,
  });
  // Before it cancels a job, the queue tells it to end.
  if (task.over?.drained === true && end?.how !== "cancelled") {
    return task.over.late
      ? { goesOn: error("timeout", "its job's time was up again and again") }
      : { goesOn: error("lost", "its job was told to end again and again") };
  }
  if (state === "held") {
    return { error: error("lost", `its job could not be launched: ${task.seen!.words}`) };
  }
  if (end === null) return { error: error("lost", "its job is not in the queue any more") };
  switch (end.how) {
    case "completed":
      return { error: error("lost", "its job ended well without its artifact in the store") };
    case "preempted":
      return { goesOn: error("lost", "its job was preempted again and again") };
    case "cancelled":
      // What became of the job that it waited for decides.
      if (end.forParent || (!at.ran && !at.inputsMade)) return "again";
      return { error: error("other", "its job was cancelled, and not by this sweep") };
    case "failed":
      if (end.class === "lost" && NO_MEMORY.test(lines)) return { error: error("memory", memory) };
      return { error: error(end.class, end.class === "memory" ? memory : end.message) };
  }
}
