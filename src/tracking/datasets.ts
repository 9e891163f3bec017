import type { CellRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Json } from "../base/json.js";
import { upstreamOf, type Results, type Stages } from "../journal/lineage.js";
import type { DatasetInput } from "./client.js";
import { LIMITS } from "./values.js";

/** The stages at the bottom: what they read comes from outside, so that they are the data sets. */
export function datasetsOf(
  stages: Stages,
  results: Results,
  of: Fingerprint,
  folder: (fingerprint: Fingerprint) => string,
): DatasetInput[] {
  const inputs: DatasetInput[] = [];
  for (const [path, record] of upstreamOf(stages, of)) {
    if (Object.keys(record.inputs).length > 0) continue;
    const prefix = `${record.runner} `;
    const name = record.label.startsWith(prefix) ? record.label.slice(prefix.length) : record.label;
    inputs.push({
      name: name.slice(0, LIMITS.datasetName),
      digest: record.fingerprint.slice(0, LIMITS.datasetDigest),
      sourceType: "local",
      source: JSON.stringify({ uri: folder(record.fingerprint) }),
      schema: "{}",
      profile: fitting(results.get(record.fingerprint)?.metrics ?? {}),
      context: path === "dataset" ? "training" : path,
    });
  }
  return inputs;
}

const fitting = (profile: Json): string => {
  const text = JSON.stringify(profile);
  return text.length <= LIMITS.datasetText ? text : "{}";
};

/** A short name of a cell for people: the values in which it differs from others. */
export function cellName(cell: CellRecord, paths: readonly string[]): string {
  const parts: string[] = [];
  for (const path of paths) {
    const value = cell.settings[path];
    if (value === undefined || typeof value === "object") continue;
    const last = path.split(".").at(-1)!;
    parts.push(typeof value === "string" ? value : `${last}=${String(value)}`);
  }
  const name = [...new Set(parts)].join(" ");
  return name === "" ? cell.id : name.slice(0, LIMITS.key);
}
