import { unknownSamples } from "../../../base/fields/fit.js";
import { unknownName, unseenNames } from "../metric-names.js";
import type { CtrData } from "./load.js";

/** [U + 1]: whether each user has training samples; row 0 stands for nobody. */
export function seenUsers({ dataset, train }: Pick<CtrData, "dataset" | "train">): boolean[] {
  const seen = Array.from({ length: dataset.users + 1 }, () => false);
  for (const row of train) seen[dataset.interactionUser[row]!] = true;
  return seen;
}

/** Users and samples of each tested split that training has not seen, by metric. */
export function unseenCounts(data: Pick<CtrData, "dataset" | "train" | "valid" | "test">): {
  [metric: string]: number;
} {
  const seen = seenUsers(data);
  const counts: { [metric: string]: number } = {};
  for (const name of ["valid", "test"] as const) {
    const split = data[name];
    if (split === null) continue;
    const strange = split.users.filter((user) => !seen[user]);
    const names = unseenNames(name);
    counts[names.users] = new Set(strange).size;
    counts[names.samples] = strange.length;
  }
  return counts;
}

/** Samples of each tested split whose field has a value that training has not seen, by metric. */
export function unknownCounts(data: Pick<CtrData, "dataset" | "fields" | "valid" | "test">): {
  [metric: string]: number;
} {
  const { dataset, fields } = data;
  if (fields === null) return {};
  const counts: { [metric: string]: number } = {};
  for (const name of ["valid", "test"] as const) {
    const split = data[name];
    if (split === null) continue;
    for (const [field, count] of Object.entries(unknownSamples(dataset, fields, split.rows)))
      counts[unknownName(name, field)] = count;
  }
  return counts;
}
