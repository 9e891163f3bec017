import { readFile } from "node:fs/promises";
import path from "node:path";
import { isJsonObject } from "../base/json.js";

/** One step of a stage's curves. */
export interface CurveStep {
  /** The epoch, or the step where a runner counts none. */
  readonly step: number;
  readonly values: { readonly [name: string]: number };
}

/**
 * The curves that an artifact keeps in `curves.jsonl` (docs/artifacts.md): a line an epoch, every
 * number in it a value at that epoch (or step). Empty where there is no such file; a line of another
 * form is left out.
 *
 * @param folder an artifact's folder whose files have been checked
 */
export async function readCurves(folder: string): Promise<CurveStep[]> {
  const text = await readFile(path.join(folder, "curves.jsonl"), "utf8").catch(() => "");
  return text.split("\n").flatMap((line): CurveStep[] => {
    if (line.trim() === "") return [];
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      return [];
    }
    if (!isJsonObject(row)) return [];
    const { epoch, step: counted, ...others } = row;
    const step = epoch ?? counted;
    if (typeof step !== "number" || !Number.isSafeInteger(step)) return [];
    const values = Object.entries(others).filter(([, value]) => typeof value === "number");
    return [{ step, values: Object.fromEntries(values) as CurveStep["values"] }];
  });
}
