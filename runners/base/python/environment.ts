import path from "node:path";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { LLM_ENVIRONMENT } from "./llm-environment.js";

/** As much of a stage as running a Python program needs. */
export type PythonTask = Pick<
  StageTask,
  "fingerprint" | "work" | "resources" | "toolchain" | "stop"
>;

/** Folder of the LLM environment. Throws a UserError where it is not installed. */
export function llmEnvironment(task: Pick<StageTask, "toolchain">): string {
  const folder = task.toolchain.environments[LLM_ENVIRONMENT.part];
  if (folder !== undefined) return folder;
  throw new UserError("the LLM environment is not installed: run r4ec setup --only llm", {
    exitCode: ExitCode.environment,
  });
}

/** Environment variables of a Python program of the LLM environment, beside process.env. */
export function pythonVariables(task: PythonTask): { readonly [name: string]: string } {
  return { ...activated(llmEnvironment(task)), ...machineVariables(task) };
}

/** The variables that activate a Python environment: its programs find each other by PATH. */
export const activated = (folder: string): { readonly [name: string]: string } => ({
  VIRTUAL_ENV: folder,
  PATH: `${path.join(folder, "bin")}${path.delimiter}${process.env["PATH"] ?? ""}`,
});

/** What every program is told of the machine: its cards, its threads, and whether it may fetch. */
export function machineVariables({ resources: { gpus, threads } }: Pick<StageTask, "resources">): {
  readonly [name: string]: string;
} {
  return {
    // The worker was given its cards already, under names that only it may know.
    CUDA_VISIBLE_DEVICES: process.env["CUDA_VISIBLE_DEVICES"] ?? gpus.join(","),
    // With more threads than cores, small models run forty times slower.
    OMP_NUM_THREADS: String(Math.max(1, threads)),
    // On a busy machine, threads that spin while they wait take cores from the threads that they
    // wait for: four to ten times slower on two shared cores.
    OMP_WAIT_POLICY: process.env["OMP_WAIT_POLICY"] ?? "PASSIVE",
    TOKENIZERS_PARALLELISM: "false",
    PYTHONUNBUFFERED: "1",
    ...(process.env["R4EC_OFFLINE"] === "1" ? { HF_HUB_OFFLINE: "1" } : {}),
  };
}

/**
 * Program and arguments of torchrun on this machine, a process a card. llamafactory-cli starts it by
 * a line that it cuts at blanks, so that an environment in a folder whose name has one fails.
 *
 * @param program what each process runs: a file, or `-m` and a module, with its arguments
 */
export const torchrun = (
  cards: number,
  program: readonly string[],
): { readonly program: string; readonly arguments: readonly string[] } => ({
  program: "torchrun",
  arguments: [
    ...["--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", String(cards)],
    ...program,
  ],
});
