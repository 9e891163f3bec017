import type { Fingerprint } from "../base/fingerprint.js";
import { settingsText, type Labels } from "../cells/index.js";
import type { StageRecord } from "../contract/records.js";
import { differencesOf } from "../plan/index.js";
import type { Field } from "./field.js";
import type { Layout, Place } from "./layout.js";

/** Looks up a stage of the compared sweeps; undefined where they lack it. */
export type StageLookup = (fingerprint: Fingerprint) => StageRecord | undefined;

/** What the metrics of a place's cells in one fold come from. */
interface Origin {
  readonly place: Place;
  readonly record: StageRecord;
}

/**
 * Sentences about rows whose variants cannot be compared: their cells were tested on different data (the
 * inputs that the science names in `tested`), or different versions of a runner computed their
 * metrics.
 */
export function incomparable(
  layout: Layout,
  field: Field,
  stageOf: StageLookup,
  labels: Labels,
): string[] {
  const name = (settings: Place["settings"]): string =>
    settingsText(settings, Object.keys(settings), labels);
  const found = new Map<string, string[]>();
  for (const { settings, places } of layout) {
    for (const text of new Set(rowOf(places, field, stageOf, name))) {
      found.set(text, [...(found.get(text) ?? []), name(settings)]);
    }
  }
  return [...found].map(([text, rows]) => {
    const named = rows.filter((row) => row !== "");
    return named.length === 0 ? text : `${named.join(", ")}: ${text}`;
  });
}

function rowOf(
  places: readonly Place[],
  field: Field,
  stageOf: StageLookup,
  name: (settings: Place["settings"]) => string,
): string[] {
  const texts: string[] = [];
  const byFold = new Map<string, Origin[]>();
  for (const place of places) {
    for (const { settings, record } of place.all) {
      if (record === undefined) continue;
      const fold = field.foldOf(settings);
      byFold.set(fold, [...(byFold.get(fold) ?? []), { place, record }]);
    }
  }
  for (const origins of byFold.values()) {
    for (const input of field.statistics?.tested ?? []) {
      const [one, other] = firstTwo(origins, ({ record }) => record.inputs[input] ?? "");
      if (one === undefined || other === undefined) continue;
      const [a, b] = [one, other].map(({ record }) =>
        stageOf(record.inputs[input] ?? ("" as Fingerprint)),
      );
      texts.push(
        `${pair(one, other, name)} were tested on different data (${input}${differenceText(a, b)}): their difference means nothing`,
      );
    }
    for (const same of groupsOf(origins, ({ record }) => record.runner)) {
      const [one, other] = firstTwo(same, ({ record }) => String(record.version));
      if (one === undefined || other === undefined) continue;
      texts.push(
        `${pair(one, other, name)} were computed by versions ${one.record.version} and ${other.record.version} of ${one.record.runner}: part of their difference may come from that`,
      );
    }
  }
  return texts;
}

/** The first two of different keys; undefined for what is not there. */
function firstTwo<T>(all: readonly T[], key: (one: T) => string): [T | undefined, T | undefined] {
  const [first] = all;
  if (first === undefined) return [undefined, undefined];
  return [first, all.find((one) => key(one) !== key(first))];
}

function groupsOf<T>(all: readonly T[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups.values()];
}

function pair(one: Origin, other: Origin, name: (settings: Place["settings"]) => string): string {
  const names = [one, other].map(({ place }) => name(place.settings) || "all");
  return names[0] === names[1] ? `cells of ${names[0]}` : `${names[0]} and ${names[1]}`;
}

/** In what two stages differ, as far as that is known. */
function differenceText(a: StageRecord | undefined, b: StageRecord | undefined): string {
  if (a === undefined || b === undefined) return "";
  const all = differencesOf(a, b).map(({ what, name, before, now }) => {
    const called = what === "parameter" ? name : what === "version" ? "version" : `${what} ${name}`;
    const short = (text: string | null): string =>
      (text ?? "none").slice(0, what === "parameter" ? 40 : 10);
    return `${called} ${short(before)} and ${short(now)}`;
  });
  const shown = all.slice(0, 3).join(", ");
  return `: ${shown}${all.length > 3 ? ` and ${all.length - 3} more` : ""}`;
}
