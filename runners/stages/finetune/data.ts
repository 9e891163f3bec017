import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Sample } from "../../base/artifacts/samples.js";
import { openFolder } from "../../../src/base/folder.js";

/**
 * Gathers the samples of all classes into one data set, `data/samples.json`, with its
 * `dataset_info.json`; deterministic order. Gives the number of samples by class.
 */
export async function gatherSamples(
  work: string,
  sources: readonly { readonly folder: string; readonly classes: readonly string[] }[],
): Promise<{ readonly [name: string]: number }> {
  const all: Sample[] = [];
  const counts: { [name: string]: number } = {};
  for (const { folder, classes } of sources) {
    for (const name of classes) {
      const file = path.join(folder, `${name}.json`);
      const samples = JSON.parse(await readFile(file, "utf8")) as Sample[];
      all.push(...samples);
      counts[name] = samples.length;
    }
  }
  const data = path.join(work, "data");
  await openFolder(data);
  await writeFile(path.join(data, "samples.json"), JSON.stringify(all));
  const info = {
    samples: {
      file_name: "samples.json",
      columns: { prompt: "instruction", query: "input", response: "output" },
    },
  };
  await writeFile(path.join(data, "dataset_info.json"), JSON.stringify(info));
  return counts;
}
