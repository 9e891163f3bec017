import path from "node:path";
import type { StageTask } from "../../src/runner.js";

/** Environment variables of a Python program of the LLM environment, beside process.env. */
export function pythonVariables(task: StageTask): { readonly [name: string]: string } {
  const folder = task.toolchain.llmEnvironment;
  if (folder === null) throw new Error("the LLM environment is not there: run r4ec setup");
  const { gpus, threads } = task.resources;
  return {
    VIRTUAL_ENV: folder,
    // torchrun and llamafactory-cli find each other by PATH.
    PATH: `${path.join(folder, "bin")}${path.delimiter}${process.env["PATH"] ?? ""}`,
    CUDA_VISIBLE_DEVICES: gpus.join(","),
    // More threads than cores slow small models down forty times.
    OMP_NUM_THREADS: String(Math.max(1, threads)),
    TOKENIZERS_PARALLELISM: "false",
    PYTHONUNBUFFERED: "1",
    ...(process.env["R4EC_OFFLINE"] === "1" ? { HF_HUB_OFFLINE: "1" } : {}),
  };
}

/** How a program ended, as execa tells it. */
export interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly stderr?: unknown;
  readonly shortMessage?: string | undefined;
}

/** A Python program that failed: its last words, with the last lines of stderr as detail. */
export class PythonFailure extends Error {
  readonly detail: string;
  constructor(program: string, ended: Ended) {
    const lines = String(ended.stderr ?? "")
      .split(/[\r\n]+/u)
      .filter((line) => line.trim() !== "");
    const how =
      ended.signal === undefined
        ? `exit status ${ended.exitCode ?? "?"}`
        : `signal ${ended.signal}`;
    // Under torchrun the last line is the launcher's; the true error stands on a line of a rank.
    const ranked = lines.filter((line) => /\[rank\d+\]: \w+(?:Error|Exception)/u.test(line)).at(-1);
    const last = ranked ?? lines.at(-1) ?? ended.shortMessage ?? "it said nothing";
    super(`${program} failed (${how}): ${last.trim().slice(0, 500)}`);
    this.name = "PythonFailure";
    this.detail = lines.slice(-40).join("\n");
  }
}
