import type { JsonObject } from "../base/json.js";
import { blockOf, isJsonObject } from "../base/json.js";
import { megabytesOf, MEMORY_SIZE } from "../base/memory-size.js";
import type { JsonSchema, Science } from "../contract/science.js";
import type { Report } from "./report.js";

/** What jobs of one kind of stage are to have; null: as the stage asks, or as the cluster gives. */
export interface JobSettings {
  readonly partition: string | null;
  readonly account: string | null;
  /** Seconds that a job may run. */
  readonly seconds: number | null;
  /** Megabytes; 0: all that a node has. */
  readonly memory: number | null;
  /** After a job had too little memory the next one asks for so many times as much. */
  readonly memoryGrowth: number;
  /** Megabytes: the most that it asks for then; null: no limit. */
  readonly memoryLimit: number | null;
  readonly cpus: number | null;
  readonly gpus: number | null;
  /** Most stages that one job is given. */
  readonly pack: number | null;
  readonly environment: { readonly [name: string]: string };
  /** Further options of sbatch, each whole: `--constraint=a100`. */
  readonly options: readonly string[];
}

/** What a spec says about the cluster that runs it. */
export interface SpecCluster {
  /** Name of its system: `slurm`. */
  readonly system: string;
  /** Most jobs of the sweep that run at the same time. */
  readonly limit: number;
  /** For the stages of a runner. */
  readonly jobs: (runner: string) => JobSettings;
}

const LIMIT = 50;
const GROWTH = 2;

const jobProperties = {
  partition: { description: "The partition.", type: "string", minLength: 1 },
  account: { description: "The account that pays.", type: "string", minLength: 1 },
  time: {
    description:
      "How long a job may run, in a form of Slurm: minutes, H:M:S or D-H:M:S. If left out: as long as the partition allows. A job of five minutes or more comes to a checkpoint a minute before, and another job goes on from there; this is not a retry.",
    anyOf: [
      { description: "Minutes.", type: "integer", minimum: 1 },
      {
        description: "H:M:S or D-H:M:S.",
        type: "string",
        pattern: "^(?:\\d+-\\d+(?::\\d+){0,2}|\\d+(?::\\d+){0,2})$",
      },
    ],
  },
  memory: {
    description: "Memory of a job: `16G`. If left out: what the partition gives.",
    type: "string",
    pattern: MEMORY_SIZE,
  },
  memory_growth: {
    description: `A job that had too little memory is tried again with so many times as much (\`retries.memory\`); 1: with the same. If left out: ${GROWTH}.`,
    type: "number",
    minimum: 1,
    maximum: 100,
  },
  memory_limit: {
    description:
      "The most memory that such a try asks for: `200G`. If left out: as much as the growth gives.",
    type: "string",
    pattern: MEMORY_SIZE,
  },
  cpus: {
    description: "Cores of a job. If left out: as many as the stage asks for.",
    type: "integer",
    minimum: 1,
    maximum: 65536,
  },
  gpus: {
    description:
      "GPUs of a job; 0: it runs on CPUs. If left out: as many as the stage asks for, at least a whole one.",
    type: "integer",
    minimum: 0,
    maximum: 1024,
  },
  pack: {
    description:
      "Most stages that one job is given; they run side by side as far as its cores and GPUs allow. If left out: as few as `limit` jobs at the same time allow.",
    type: "integer",
    minimum: 1,
    maximum: 100000,
  },
  environment: {
    description:
      "Variables of the job's environment. It has those of the shell that runs `r4ec sweep` already.",
    type: "object",
    additionalProperties: false,
    patternProperties: {
      "^[A-Za-z_][A-Za-z0-9_]*$": { description: "The value.", type: "string" },
    },
  },
  options: {
    description: "Further options of sbatch, each in one piece: `--constraint=a100`.",
    type: "array",
    items: { description: "An option.", type: "string", pattern: "^--[a-z][a-z-]*(?:=.+)?$" },
  },
} satisfies { readonly [name: string]: JsonSchema };

/** Settings about clusters. None of them has an effect on a cell's id or result. */
export const clusterFragments: { readonly [key: string]: JsonSchema } = {
  executor: {
    description:
      "Where stages run. local: in processes of this machine; slurm: as jobs of a Slurm cluster whose nodes share the store's file system. If left out: local.",
    enum: ["local", "slurm"],
  },
  slurm: {
    description: "What the jobs have, where `executor` is slurm.",
    type: "object",
    additionalProperties: false,
    properties: {
      ...jobProperties,
      limit: {
        description: `Most jobs of the sweep that run at the same time. If left out: ${LIMIT}.`,
        type: "integer",
        minimum: 1,
        maximum: 100000,
      },
      stages: {
        description:
          "The same for one kind of stage, over what stands above: `{NAME: {time: 60}}`. `r4ec plan` shows the kinds.",
        type: "object",
        additionalProperties: false,
        patternProperties: {
          "^[a-z][a-z0-9-]*$": {
            description: "What the jobs of these stages have.",
            type: "object",
            additionalProperties: false,
            properties: jobProperties,
          },
        },
      },
    },
  },
};

/** What a resolved spec says about its cluster; null: its stages run on this machine. */
export function clusterOf(resolved: JsonObject): SpecCluster | null {
  const system = resolved["executor"];
  if (typeof system !== "string" || system === "local") return null;
  const all = blockOf(resolved, system);
  const stages = blockOf(all, "stages");
  const limit = all["limit"];
  return {
    system,
    limit: typeof limit === "number" ? limit : LIMIT,
    jobs: (runner) => jobSettings(all, blockOf(stages, runner)),
  };
}

function jobSettings(all: JsonObject, own: JsonObject): JobSettings {
  const text = (key: string): string | null => {
    const value = own[key] ?? all[key];
    return typeof value === "string" ? value : null;
  };
  const number = (key: string): number | null => {
    const value = own[key] ?? all[key];
    return typeof value === "number" ? value : null;
  };
  const memory = (key: string): number | null => {
    const value = text(key);
    return value === null ? null : megabytesOf(value);
  };
  const time = own["time"] ?? all["time"];
  const options = (block: JsonObject): readonly string[] => {
    const list = block["options"];
    return Array.isArray(list) ? list.map(String) : [];
  };
  const environment = { ...blockOf(all, "environment"), ...blockOf(own, "environment") };
  return {
    partition: text("partition"),
    account: text("account"),
    seconds: typeof time === "number" || typeof time === "string" ? secondsOf(time) : null,
    memory: memory("memory"),
    memoryGrowth: number("memory_growth") ?? GROWTH,
    memoryLimit: memory("memory_limit"),
    cpus: number("cpus"),
    gpus: number("gpus"),
    pack: number("pack"),
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, String(value)]),
    ),
    options: [...options(all), ...options(own)],
  };
}

/** Seconds of a time as Slurm reads it (sbatch(1), `--time`); a number is minutes. */
function secondsOf(time: number | string): number {
  if (typeof time === "number") return time * 60;
  const [, days, rest] = /^(?:(\d+)-)?(.*)$/.exec(time)!;
  const parts = rest!.split(":").map(Number);
  const [a = 0, b = 0, c = 0] = parts;
  if (days !== undefined) return Number(days) * 86_400 + a * 3600 + b * 60 + c;
  return parts.length === 1 ? a * 60 : parts.length === 2 ? a * 60 + b : a * 3600 + b * 60 + c;
}

/** Options that r4ec gives sbatch itself: another value would break what it relies on. */
const OWN_OPTIONS =
  /^--(?:array|chdir|dependency|error|export-file|hold|input|job-name|kill-on-invalid-dep|no-kill|ntasks|nodes|open-mode|output|parsable|quiet|requeue|no-requeue|signal|test-only|wait|wrap)(?:=|$)/;
/** Options that stand for a setting of the block. */
const SETTINGS: { readonly [option: string]: string } = {
  partition: "partition",
  account: "account",
  time: "time",
  mem: "memory",
  "cpus-per-task": "cpus",
  gpus: "gpus",
  gres: "gpus",
  "gpus-per-node": "gpus",
};

/** Reports kinds of stage that the science does not have, and options of sbatch that are r4ec's own. */
export function checkCluster(
  report: Report,
  document: JsonObject,
  science: Pick<Science, "runner">,
): void {
  const all = document["slurm"];
  if (!isJsonObject(all)) return;
  checkOptions(report, all, ["slurm"]);
  for (const [name, own] of Object.entries(blockOf(all, "stages"))) {
    const where = ["slurm", "stages", name];
    if (science.runner(name) === undefined) {
      const message = `there is no kind of stage called ${name}; r4ec plan shows the kinds of a spec's stages`;
      report.add("error", { where, at: "key", message });
    }
    if (isJsonObject(own)) checkOptions(report, own, where);
  }
}

function checkOptions(report: Report, block: JsonObject, where: readonly string[]): void {
  const options = block["options"];
  if (!Array.isArray(options)) return;
  for (const [index, option] of options.entries()) {
    if (typeof option !== "string") continue;
    const name = /^--([a-z-]+)/.exec(option)?.[1] ?? "";
    const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    if (setting === undefined && !OWN_OPTIONS.test(option)) continue;
    const message =
      setting === undefined
        ? `r4ec sets --${name} itself`
        : `--${name} is the setting ${setting}: write \`${setting}: ...\` beside \`options\``;
    report.add("error", { where: [...where, "options", String(index)], at: "value", message });
  }
}
