import { isJsonObject, type JsonObject } from "../../../../src/base/json.js";

/** A row of a curve: the epoch, from 1, and the numbers that the program told with it. */
export interface Told {
  readonly epoch: number;
  readonly values: { readonly [name: string]: number };
}

/** What a program says about itself in one line. */
export type Line =
  | { readonly kind: "epoch"; readonly told: Told }
  | {
      readonly kind: "progress";
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  | { readonly kind: "result"; readonly best_epoch?: number; readonly parameters?: number }
  /** Text for the log. */
  | { readonly kind: "text" }
  /** It was to be a line of JSON, and is none; `what` says why. */
  | { readonly kind: "wrong"; readonly what: string };

/** What a line of a program's stdout says (docs/program-backbone.md, "What it prints"). */
export function readLine(line: string): Line {
  const text = line.trim();
  if (!text.startsWith("{") || !/"(?:epoch|done|best_epoch|parameters)"/u.test(text)) {
    return { kind: "text" };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What else a program prints may hold such a word too: a dictionary of Python's is no JSON.
    if (!text.endsWith("}")) return { kind: "text" };
    const hint = /\bNaN\b|\bInfinity\b/u.test(text) ? ": JSON has no NaN and no Infinity" : "";
    return { kind: "wrong", what: `it is not JSON${hint || ` (${(error as Error).message})`}` };
  }
  return isJsonObject(value as JsonObject) ? lineOf(value as JsonObject) : { kind: "text" };
}

function lineOf(object: JsonObject): Line {
  const { epoch, done, total, unit, best_epoch, parameters } = object;
  if (epoch !== undefined) {
    if (!isCount(epoch)) return wrong("epoch", "a whole number from 1");
    const values: { [name: string]: number } = {};
    for (const [name, value] of Object.entries(object)) {
      if (name === "epoch") continue;
      if (!isNumber(value)) return wrong(name, "a number");
      if (!METRIC.test(name)) {
        const what = `${JSON.stringify(name)} is no name of a metric: letters, digits and _, with dots between`;
        return { kind: "wrong", what };
      }
      values[name] = value;
    }
    return { kind: "epoch", told: { epoch, values } };
  }
  if (done !== undefined) {
    if (!isNumber(done) || done < 0) return wrong("done", "a number from 0");
    if (!isNumber(total) || total < done) return wrong("total", "a number from done on");
    return { kind: "progress", done, total, unit: typeof unit === "string" ? unit : "steps" };
  }
  if (best_epoch === undefined && parameters === undefined) return { kind: "text" };
  if (best_epoch !== undefined && !isCount(best_epoch)) {
    return wrong("best_epoch", "a whole number from 1");
  }
  if (parameters !== undefined && !isCount(parameters)) {
    return wrong("parameters", "a whole number from 1");
  }
  return {
    kind: "result",
    ...(best_epoch === undefined ? {} : { best_epoch }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

const METRIC = /^[A-Za-z0-9_@]+(?:\.[A-Za-z0-9_@]+)*$/u;
const isNumber = (value: unknown): value is number => typeof value === "number";
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;
const wrong = (name: string, what: string): Line => ({
  kind: "wrong",
  what: `${name} must be ${what}`,
});
