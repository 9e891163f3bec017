import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { RunnerProgram, StageError, StageTask } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { BudgetSpent } from "../chat/budget.js";
import { EndpointError } from "../chat/endpoint-error.js";
import { faultOf, ProgramFailure } from "../python/failure.js";
import { classOfWords } from "../python/failure-words.js";

/**
 * A program that does its tasks one by one. Errors that a user or a machine can cause end their own
 * task with words; all else is a bug and is thrown on.
 */
export const programOf = <Params = JsonObject, Execution = JsonObject>(
  work: (task: StageTask<Params, Execution>) => Promise<void>,
): RunnerProgram<Params, Execution> => ({
  async run(tasks) {
    for (const task of tasks) {
      try {
        await work(task);
      } catch (error) {
        // A stop ends what is in progress; an error that follows from this is not a failure of the
        // stage.
        if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
        const told = stageErrorOf(error);
        if (told === null) throw error;
        await task.fail(told);
      }
    }
  },
});

/** The error as a user should see it; null for a bug. */
function stageErrorOf(error: unknown): StageError | null {
  if (error instanceof ProgramFailure) {
    const { log } = error.end;
    const { message, detail } = error;
    return { message, ...faultOf(error.end), detail, ...(log === undefined ? {} : { log }) };
  }
  if (error instanceof EndpointError) {
    if (error.kind !== "passing") return { message: error.message, kind: "spec" };
    return { message: error.message, kind: "machine", class: "network" };
  }
  if (error instanceof UserError) {
    const ofMachine = error.exitCode === ExitCode.environment;
    const of = ofMachine ? classOfWords(error.message) : null;
    return {
      message: error.message,
      kind: ofMachine ? "machine" : "spec",
      ...(of === null ? {} : { class: of }),
      ...(error.hint === undefined ? {} : { detail: error.hint }),
    };
  }
  if (error instanceof BudgetSpent) return { message: error.message, kind: "spec" };
  return null;
}
