import type { Fingerprint } from "../base/fingerprint.js";
import type { Json } from "../base/json.js";
import { upstreamOf, type Stages } from "../journal/lineage.js";
import type { DatasetInput } from "./answers.js";
import { LIMITS } from "./values.js";

/** The stages at the bottom: what they read comes from outside, so that they are the data sets. */
export function datasetsOf(
  stages: Stages,
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
      profile: fitting(stages.get(record.fingerprint)?.result?.metrics ?? {}),
      context: path === "dataset" ? "training" : path,
    });
  }
  return inputs;
}

const fitting = (profile: Json): string => {
  const text = JSON.stringify(profile);
  return text.length <= LIMITS.datasetText ? text : "{}";
};
