import type { Fingerprint } from "../base/fingerprint.js";
import type { StageRecord } from "../contract/records.js";
import type { KeptResult } from "../contract/runner.js";

/** The stages of a sweep as its journal folds to them, as far as lineage reads them. */
export type Stages = ReadonlyMap<
  Fingerprint,
  { readonly record: StageRecord; readonly result: KeptResult | null }
>;

/**
 * All stages that a stage depends on, each once, the nearest first. Each has the shortest chain of
 * input names that leads to it (`model.data`).
 */
export function upstreamOf(stages: Stages, from: Fingerprint): Map<string, StageRecord> {
  const found = new Map<string, StageRecord>();
  const seen = new Set<Fingerprint>([from]);
  let front: [string, Fingerprint][] = [["", from]];
  while (front.length > 0) {
    const next: [string, Fingerprint][] = [];
    for (const [chain, fingerprint] of front) {
      for (const [name, input] of Object.entries(stages.get(fingerprint)?.record.inputs ?? {})) {
        const record = stages.get(input)?.record;
        if (record === undefined || seen.has(input)) continue;
        seen.add(input);
        const path = chain === "" ? name : `${chain}.${name}`;
        found.set(path, record);
        next.push([path, input]);
      }
    }
    front = next;
  }
  return found;
}

/**
 * Marks of a stage and of all stages that it depends on: a leak in one of them is a leak in the
 * result.
 */
export function marksOf(stages: Stages, of: Fingerprint): Map<string, string> {
  const marks = new Map<string, string>();
  for (const fingerprint of [
    ...[...upstreamOf(stages, of).values()].map((record) => record.fingerprint).reverse(),
    of,
  ]) {
    for (const [name, text] of Object.entries(stages.get(fingerprint)?.result?.marks ?? {})) {
      const before = marks.get(name);
      const known = before?.split("; ").includes(text) === true;
      marks.set(name, before === undefined || known ? text : `${before}; ${text}`);
    }
  }
  return marks;
}

/** The stages behind a result as one document, from the last down to the data sets. */
export function lineageOf(stages: Stages, of: Fingerprint): string {
  const own = stages.get(of)?.record;
  const all = [...(own === undefined ? [] : [["", own] as const]), ...upstreamOf(stages, of)].map(
    ([path, record]) => ({
      path,
      fingerprint: record.fingerprint,
      runner: record.runner,
      version: record.version,
      label: record.label,
      params: record.params,
      inputs: record.inputs,
      files: record.files,
      metrics: stages.get(record.fingerprint)?.result?.metrics ?? null,
      marks: stages.get(record.fingerprint)?.result?.marks ?? {},
      ran_in: stages.get(record.fingerprint)?.result?.surroundings ?? null,
    }),
  );
  return `${JSON.stringify(all, null, 2)}\n`;
}
