import type { JsonObject } from "../base/json.js";
import { blockOf, isJsonObject } from "../base/json.js";
import type { FailureClass } from "../contract/runner.js";
import type { JsonSchema, Science } from "../contract/science.js";
import type { Report } from "./report.js";

/** What a sweep does about failures. It changes no result. */
export interface SpecFailures {
  /** After a cell has failed: go on with the others, or come to a checkpoint and stop. */
  readonly after: "keep-going" | "stop";
  /** How often a stage is tried again, by class of failure. */
  readonly retries: { readonly [name in FailureClass]: number };
  /** Seconds before a stage is tried again; twice as long before each further try. */
  readonly wait: number;
  /** Seconds that one try of a stage may take, by the name of its runner. */
  readonly timeLimits: { readonly [runner: string]: number };
}

/** By class: how often by default, and after what. */
const RETRIES: { readonly [name in FailureClass]: readonly [times: number, after: string] } = {
  memory: [1, "the memory of the machine was full"],
  gpu_memory: [
    8,
    "the memory of a GPU was full. Cells that train as one model then train in groups of half the size, with fewer other processes on their card; a stage that is alone then does less at once where that leaves its result the same",
  ],
  gpu: [
    2,
    "a GPU was out of order or not to be had. The stage is then tried on another one. Tries on a GPU that is seen to be out of order do not count",
  ],
  timeout: [1, "it took longer than its time_limit; it continues from its checkpoint"],
  lost: [1, "its process died"],
  network: [4, "an endpoint or a download failed"],
  disk: [1, "a disk was full or failed"],
  other: [1, "another failure of the machine"],
};
const WAIT = 2;

const classes = Object.keys(RETRIES) as readonly FailureClass[];

/** Settings about failures. None of them has an effect on a cell's id. */
export const failureFragments: { readonly [key: string]: JsonSchema } = {
  failure: {
    description:
      "What happens after a cell has failed. keep-going: all other cells run; stop: what runs comes to a checkpoint, and nothing more starts. If left out: keep-going.",
    enum: ["keep-going", "stop"],
  },
  retries: {
    description:
      "How often a stage is tried again after a failure that may pass. Wrong settings, bad data and bugs are never tried again.",
    type: "object",
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(
        classes.map((name) => [
          name,
          {
            description: `Tries after ${RETRIES[name][1]}.`,
            type: "integer",
            minimum: 0,
            maximum: 1000,
            default: RETRIES[name][0],
          },
        ]),
      ),
      wait: {
        description:
          "Seconds before the next try; twice as long before each further one, but not more than 300. There is no wait where the next try needs less memory.",
        type: "number",
        minimum: 0,
        maximum: 300,
        default: WAIT,
      },
    },
  },
  time_limit: {
    description:
      "Seconds that one try of a stage may take, by kind of stage: `{NAME: 7200}`. `r4ec plan` shows the kinds. If left out, a stage may take as long as it needs.",
    type: "object",
    additionalProperties: false,
    patternProperties: {
      "^[a-z][a-z0-9-]*$": {
        description: "Seconds. Cells that train as one model share one limit.",
        type: "number",
        exclusiveMinimum: 0,
      },
    },
  },
};

/** What a resolved spec says about failures; what it does not say stands at its default. */
export function failuresOf(resolved: JsonObject): SpecFailures {
  const number = (value: unknown, fallback: number): number =>
    typeof value === "number" ? value : fallback;
  const retries = blockOf(resolved, "retries");
  const entries = classes.map((name) => [name, number(retries[name], RETRIES[name][0])]);
  return {
    after: resolved["failure"] === "stop" ? "stop" : "keep-going",
    retries: Object.fromEntries(entries) as SpecFailures["retries"],
    wait: number(retries["wait"], WAIT),
    timeLimits: blockOf(resolved, "time_limit") as { readonly [runner: string]: number },
  };
}

/** Reports time limits of stages that the science does not have. */
export function checkTimeLimits(
  report: Report,
  document: JsonObject,
  science: Pick<Science, "runner">,
): void {
  const limits = document["time_limit"];
  if (!isJsonObject(limits)) return;
  for (const name of Object.keys(limits)) {
    if (science.runner(name) !== undefined) continue;
    const message = `there is no kind of stage called ${name}; r4ec plan shows the kinds of a spec's stages`;
    report.add("error", { where: ["time_limit", name], at: "key", message });
  }
}
