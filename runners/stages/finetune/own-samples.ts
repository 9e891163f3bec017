import { readFile } from "node:fs/promises";
import type { StageTask } from "../../../src/contract/runner.js";
import { isJsonObject } from "../../../src/base/json.js";
import type { Json } from "../../../src/base/json.js";
import type { Sample } from "../../base/artifacts/samples.js";
import { writeSampleSets } from "../../base/artifacts/samples.js";

/** samples: a user's own samples become LLaMA-Factory data sets. */
export async function ownSamples(task: StageTask): Promise<void> {
  // A class without a file is an empty set, so that whoever reads it need not know.
  const sets: { [name: string]: Sample[] } = { thinking: [], reflection: [], refinement: [] };
  const metrics: { [name: string]: number } = {};
  for (const [name, file] of Object.entries(task.files)) {
    const read = readSamples(await readFile(file, "utf8"));
    if (typeof read === "string") {
      await task.fail({ kind: "spec", message: `${file}: ${read}` });
      return;
    }
    sets[name] = read;
    metrics[`samples.${name}`] = read.length;
  }
  await writeSampleSets(task.out, sets);
  await task.publish({ metrics });
}

/** Samples of a JSON list, or what is wrong with it. */
export function readSamples(text: string): Sample[] | string {
  let list: Json;
  try {
    list = JSON.parse(text) as Json;
  } catch (error) {
    return `not JSON (${(error as Error).message})`;
  }
  if (!Array.isArray(list)) return "not a list of samples";
  const samples: Sample[] = [];
  for (const [index, each] of (list as readonly Json[]).entries()) {
    const value = isJsonObject(each) ? each : {};
    const instruction = value["prompt"] ?? value["instruction"];
    const output = value["answer"] ?? value["output"];
    const input = value["input"] ?? "";
    if (
      typeof instruction !== "string" ||
      typeof output !== "string" ||
      typeof input !== "string"
    ) {
      return `element ${index} is not {prompt, answer} or {instruction, input, output}, each a text`;
    }
    samples.push({ instruction, input, output });
  }
  return samples;
}
