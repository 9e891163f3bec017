import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { UserError } from "../../../../src/base/exit.js";
import { readNpy } from "../../../base/files/npy.js";

/** Files that a program writes its scores into. */
export const SCORES = { valid: "valid_predictions.npy", test: "predictions.npy" } as const;

/** Scores of samples, float32 in [0, 1], in their order. A program may leave validation samples out. */
export interface Scores {
  readonly valid: Float32Array | null;
  readonly test: Float32Array;
}

/**
 * Reads scores that a program wrote: as many as samples, floating-point numbers in [0, 1], as float32.
 * Null where it wrote none of the validation samples. Throws a UserError that says what is wrong.
 *
 * @param folder its output
 */
export async function readScores<Split extends keyof Scores>(
  folder: string,
  split: Split,
  samples: number,
): Promise<Scores[Split]>;
export async function readScores(
  folder: string,
  split: keyof Scores,
  samples: number,
): Promise<Float32Array | null> {
  const name = SCORES[split];
  const file = path.join(folder, name);
  const kind = split === "valid" ? "validation" : "test";
  const wanted = `r4ec wants float32 [${samples}], a probability for each ${kind} sample in their order`;
  if (!existsSync(file)) {
    if (split === "valid") return null;
    const there = readdirSync(folder).sort().slice(0, 8);
    const what = there.length === 0 ? "is empty" : `holds ${there.join(", ")}`;
    throw new UserError(`it ended without ${name}; its output folder ${what}`);
  }
  const { data, shape, dtype } = await readNpy(file);
  if (!["<f4", "<f8", "<f2"].includes(dtype)) {
    throw new UserError(`${name} holds numbers of type ${dtype}; ${wanted}`);
  }
  if (shape.length !== 1 || shape[0] !== samples) {
    const flat = data.length === samples ? "; save it with .reshape(-1)" : "";
    throw new UserError(`${name} has the shape [${shape.join(", ")}]; ${wanted}${flat}`);
  }
  const at = data.findIndex((score) => !(score >= 0 && score <= 1));
  if (at >= 0) {
    const score = data[at]!;
    const hint = Number.isNaN(score) ? "" : "; if these are logits, apply the logistic function";
    throw new UserError(`${name}: number ${at} (from 0) is ${score}; ${wanted}${hint}`);
  }
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
