import type { Json } from "../base/json.js";
import type { FlatSettings } from "../contract/statistics.js";
import type { NamePath } from "./axes.js";
import type { HasSettings } from "./telling.js";
import { SEED } from "./telling.js";

/** How a setting is written in names and in the heads of tables. */
export interface SettingLabel {
  /** The shortest end of the path that no other setting of the names has: `size`, `a.size`. */
  readonly label: string;
  /** True where a text says enough without its label: no other setting has one of its texts. */
  readonly alone: boolean;
}

/** Labels by the path of a setting. */
export type Labels = { readonly [path: string]: SettingLabel };

/** A setting's value for people. */
export const valueText = (value: Json | undefined): string =>
  value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);

/**
 * Labels of the settings that tell cells apart. Where one setting stands for a whole axis, the axis
 * gives the label, as the user wrote it (`model` for `model.id`).
 */
export function labelsOf(cells: readonly HasSettings[], paths: readonly NamePath[]): Labels {
  const ofAxis = (axis: string): number => paths.filter((one) => one.axis === axis).length;
  const subjects = paths.map(({ path, axis }) => (ofAxis(axis) === 1 ? axis : path));
  // The seed keeps its own label, also where it does not vary.
  const taken = new Set([...subjects, SEED]);
  const texts = paths.map(
    ({ path }) => new Set(cells.map(({ settings }) => settings[path]).filter(isText)),
  );
  return Object.fromEntries(
    paths.map(({ path }, index) => {
      const others = texts.filter((_, other) => other !== index);
      const shared = [...texts[index]!].some((text) => others.some((of) => of.has(text)));
      return [path, { label: shortestEnd(subjects[index]!, taken), alone: !shared }];
    }),
  );
}

const isText = (value: Json | undefined): value is string => typeof value === "string";

/** The shortest end of a path that is no end of another path. */
function shortestEnd(path: string, all: ReadonlySet<string>): string {
  const segments = path.split(".");
  for (let from = segments.length - 1; from > 0; from -= 1) {
    const end = segments.slice(from).join(".");
    const isOthers = (other: string): boolean => other === end || other.endsWith(`.${end}`);
    if (![...all].some((other) => other !== path && isOthers(other))) return end;
  }
  return path;
}

/**
 * Some settings in a few words, in the order of `paths`: a text alone where it says enough, else
 * `label=value`. A setting that is not there is left out; the text is empty where none is there.
 */
export function settingsText(
  settings: FlatSettings,
  paths: readonly string[],
  labels: Labels,
): string {
  const parts = paths.flatMap((path) => {
    const value = settings[path];
    if (value === undefined) return [];
    const { label, alone } = labels[path] ?? { label: path, alone: false };
    return [typeof value === "string" && alone ? value : `${label}=${valueText(value)}`];
  });
  return parts.join(" ");
}
