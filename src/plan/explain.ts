import type { Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import { canonicalJson } from "../base/json.js";
import { redactJson } from "../base/redact.js";
import { flatSettings } from "../spec/index.js";
import type { Manifest } from "../store/index.js";
import type { Plan, PlannedStage } from "./plan.js";

/** One thing that differs between a stage and an earlier one of its runner. */
export interface Difference {
  readonly what: "version" | "parameter" | "input" | "file";
  /** Dotted path of the parameter, name of the input or file; `version`. */
  readonly name: string;
  /** As JSON values, fingerprints or checksums; null where there is none on that side. */
  readonly before: string | null;
  readonly now: string | null;
}

/** Why a stage is not cached. */
export interface Explanation {
  readonly fingerprint: Fingerprint;
  /** The earlier stage of the same runner that differs least; null where there is none. */
  readonly nearest: Manifest | null;
  readonly differences: readonly Difference[];
}

type Identity = Pick<PlannedStage["record"], "version" | "params" | "inputs"> & {
  readonly files: { readonly [name: string]: string };
};

const flat = (params: JsonObject): Map<string, string> =>
  new Map(
    Object.entries(flatSettings(redactJson(params))).map(([key, value]) => [
      key,
      canonicalJson(value),
    ]),
  );

/** What differs between two stages of one runner, in a stable order. */
export function differencesOf(before: Identity, now: Identity): Difference[] {
  const differences: Difference[] = [];
  const compare = (
    what: Difference["what"],
    old: ReadonlyMap<string, string>,
    current: ReadonlyMap<string, string>,
  ): void => {
    for (const name of [...new Set([...old.keys(), ...current.keys()])].sort()) {
      const [a, b] = [old.get(name) ?? null, current.get(name) ?? null];
      if (a !== b) differences.push({ what, name, before: a, now: b });
    }
  };
  const version = (one: Identity): Map<string, string> =>
    new Map([["version", String(one.version)]]);
  const entries = (map: { readonly [name: string]: string }): Map<string, string> =>
    new Map(Object.entries(map));
  compare("version", version(before), version(now));
  compare("parameter", flat(before.params), flat(now.params));
  compare("input", entries(before.inputs), entries(now.inputs));
  compare("file", entries(before.files), entries(now.files));
  return differences;
}

/** For each stage, the artifact of its runner that differs least, and in what. */
export function explainStages(
  plan: Plan,
  stages: readonly Fingerprint[],
  manifests: readonly Manifest[],
): Explanation[] {
  const byRunner = new Map<string, Manifest[]>();
  for (const manifest of manifests) {
    const list = byRunner.get(manifest.runner) ?? [];
    list.push(manifest);
    byRunner.set(manifest.runner, list);
  }
  return stages.map((fingerprint) => {
    const { record } = plan.stages.get(fingerprint)!;
    let nearest: Manifest | null = null;
    let differences: Difference[] = [];
    for (const manifest of byRunner.get(record.runner) ?? []) {
      if (manifest.fingerprint === fingerprint) continue;
      const found = differencesOf({ ...manifest, files: manifest.sources }, record);
      // Of equally near ones the last made is the one that people remember.
      const nearer =
        nearest === null ||
        found.length < differences.length ||
        (found.length === differences.length && manifest.created > nearest.created);
      if (nearer) [nearest, differences] = [manifest, found];
    }
    return { fingerprint, nearest, differences };
  });
}
