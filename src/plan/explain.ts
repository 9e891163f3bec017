import type { Fingerprint } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import { canonicalJson } from "../base/json.js";
import { redactJson } from "../base/redact.js";
import { flatSettings } from "../spec/index.js";
import type { Surroundings } from "../contract/runner.js";
import type { Manifest } from "../store/index.js";
import type { Plan, PlannedStage } from "./plan.js";

/** One thing that differs between a stage and an earlier one of its runner. */
export interface Difference {
  readonly what: "version" | "parameter" | "input" | "file" | "environment";
  /** Dotted path of the parameter, name of the input, the file or the fact of what it runs in; `version`. */
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

/** What stages run in on this machine now. */
export type SurroundingsNow = ReadonlyMap<Fingerprint, Surroundings>;

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

function compare(
  what: Difference["what"],
  old: ReadonlyMap<string, string>,
  current: ReadonlyMap<string, string>,
): Difference[] {
  const names = [...new Set([...old.keys(), ...current.keys()])].sort();
  return names
    .map((name) => ({ what, name, before: old.get(name) ?? null, now: current.get(name) ?? null }))
    .filter(({ before, now }) => before !== now);
}

const entries = (map: { readonly [name: string]: string }): Map<string, string> =>
  new Map(Object.entries(map));

/** What differs between two stages of one runner, in a stable order. */
export function differencesOf(before: Identity, now: Identity): Difference[] {
  const version = (one: Identity): Map<string, string> =>
    new Map([["version", String(one.version)]]);
  return [
    ...compare("version", version(before), version(now)),
    ...compare("parameter", flat(before.params), flat(now.params)),
    ...compare("input", entries(before.inputs), entries(now.inputs)),
    ...compare("file", entries(before.files), entries(now.files)),
  ];
}

/** What a stage ran in that is otherwise now. None where that was not kept: by an older r4ec. */
export const surroundingsChanged = (
  before: Surroundings | undefined,
  now: Surroundings | undefined,
): Difference[] =>
  before === undefined || now === undefined
    ? []
    : compare("environment", entries(before), entries(now));

/**
 * For each stage, the artifact of its runner that differs least, and in what. What it ran in decides no
 * fingerprint, so it does not tell which is nearest.
 */
export function explainStages(
  plan: Plan,
  stages: readonly Fingerprint[],
  manifests: readonly Manifest[],
  surroundings: SurroundingsNow,
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
    const around = surroundingsChanged(nearest?.surroundings, surroundings.get(fingerprint));
    return { fingerprint, nearest, differences: [...differences, ...around] };
  });
}
