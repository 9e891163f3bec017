import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";

/** A fine-tuning sample in LLaMA-Factory's Alpaca form. */
export interface Sample {
  readonly instruction: string;
  readonly input: string;
  readonly output: string;
}

/** The classes of samples; each is a data set of its own. */
export type SampleClass = "thinking" | "reflection" | "refinement";

export const sample = (prompt: string, answer: string): Sample => ({
  instruction: prompt,
  input: "",
  output: answer,
});

/**
 * Writes data sets and the `dataset_info.json` by which LLaMA-Factory finds them
 * (`prompt = instruction + "\n" + input`, so an empty input adds nothing).
 */
export async function writeSampleSets(
  folder: string,
  sets: { readonly [name in SampleClass]?: readonly Sample[] },
): Promise<void> {
  const info: { [name: string]: JsonObject } = {};
  for (const [name, samples] of Object.entries(sets)) {
    await writeFile(path.join(folder, `${name}.json`), `${JSON.stringify(samples, null, 1)}\n`);
    info[name] = {
      file_name: `${name}.json`,
      columns: { prompt: "instruction", query: "input", response: "output" },
    };
  }
  await writeFile(path.join(folder, "dataset_info.json"), `${JSON.stringify(info, null, 2)}\n`);
}
