import { readFile } from "node:fs/promises";
import type { StageTask } from "../../../src/contract/runner.js";
import type { Sample } from "../../base/artifacts/samples.js";
import { writeSampleSets } from "../../base/artifacts/samples.js";
import { readSamples } from "./read-samples.js";

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
