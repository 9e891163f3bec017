import type { Json } from "../base/json.js";
import { SEED } from "../cells/index.js";
import { deviation, equivalence, FEWEST_SEEDS, holm, mean } from "../statistics/index.js";
import type { Contrast, Judging } from "./contrast.js";
import { contrastOf } from "./contrast.js";
import type { Place } from "./layout.js";
import type { Entry } from "./model.js";
import type { CellOutcome } from "./outcome.js";
import type { CompareRules } from "./rules.js";

/** The variants of a row, each beside the baseline, p corrected over the row's claims. */
export function entriesOf(
  places: readonly Place[],
  judging: Judging,
  rules: CompareRules,
): { readonly variants: readonly Entry[]; readonly claims: number } {
  const base = places.find((place) => place.baseline);
  const entries = places.map((place) => {
    const contrast =
      place.baseline || base === undefined ? null : contrastOf(place.cells, base.cells, judging);
    return entryOf(place, judging, rules, base, contrast);
  });
  const claims = entries.filter(({ claim }) => claim);
  const corrected = holm(
    claims.map(({ test }) =>
      test !== null && "p" in test && test.n >= FEWEST_SEEDS ? test.p : null,
    ),
  );
  const holmOf = new Map(claims.map((entry, index) => [entry, corrected[index]!]));
  return {
    claims: claims.length,
    variants: entries.map((entry) =>
      entry.test !== null && "p" in entry.test
        ? { ...entry, test: { ...entry.test, holm: holmOf.get(entry) ?? null } }
        : entry,
    ),
  };
}

function entryOf(
  place: Place,
  judging: Judging,
  rules: CompareRules,
  base: Place | undefined,
  contrast: Contrast | null,
): Entry {
  const { metric, field } = judging;
  const values = valuesOf(place.cells, metric);
  const have = new Set(valuesOf(place.all, metric).map(({ cell }) => cell));
  const numbers = values.map(({ value }) => value);
  const settings = place.all[0]!.settings;
  const control = field.isControl(settings);
  const claim =
    base !== undefined &&
    !place.baseline &&
    (rules.claims === null
      ? !control
      : rules.claims.some((mark) => field.isMarked(settings, mark)));
  return {
    settings: place.settings,
    baseline: place.baseline,
    control,
    claim,
    mean: numbers.length === 0 ? null : mean(numbers),
    sd: deviation(numbers),
    n: numbers.length,
    values,
    missing: place.all
      .filter(({ id }) => !have.has(id))
      .map((cell) => ({
        seed: seedOf(cell),
        cell: cell.id,
        name: cell.name,
        state: cell.state === "finished" ? "no metric" : cell.state,
        why: cell.why,
      })),
    selection: place.selection,
    ...(place.baseline || base === undefined
      ? { difference: null, test: null, equivalence: null }
      : judged(contrast, rules.equivalence[metric])),
    marks: marksOf(place.cells),
  };
}

/** A difference with its test, before p is corrected. */
function judged(
  contrast: Contrast | null,
  margin: number | undefined,
): Pick<Entry, "difference" | "test" | "equivalence"> {
  if (contrast === null) {
    const reason = "no seed is finished on both sides";
    return { difference: null, test: { reason }, equivalence: null };
  }
  const { difference, sd, seeds, method, why, combined } = contrast;
  const byUnits = combined !== null && method !== "seeds" ? combined : null;
  return {
    difference: {
      mean: difference,
      sd,
      pairs: seeds,
      interval: combined?.sureness.interval ?? null,
      method,
      why,
      units: byUnits?.units ?? null,
      folds: byUnits?.folds ?? null,
      variance:
        byUnits === null ? null : { units: byUnits.unitVariance, seeds: byUnits.seedVariance },
    },
    test:
      combined === null
        ? { reason: contrast.reason! }
        : {
            t: combined.sureness.t,
            df: combined.sureness.df,
            n: seeds,
            p: combined.sureness.p,
            holm: null,
          },
    equivalence:
      combined === null || margin === undefined || seeds < FEWEST_SEEDS
        ? null
        : equivalence(difference, combined.sureness, margin),
  };
}

const seedOf = ({ settings }: CellOutcome): Json => settings[SEED] ?? null;

function valuesOf(cells: readonly CellOutcome[], metric: string): Entry["values"] {
  return cells.flatMap((cell) => {
    const value = cell.metrics[metric];
    if (cell.state !== "finished" || value === undefined || !Number.isFinite(value)) return [];
    return [{ seed: seedOf(cell), value, cell: cell.id }];
  });
}

function marksOf(cells: readonly CellOutcome[]): Entry["marks"] {
  const marks: { [name: string]: string[] } = {};
  for (const cell of cells) {
    for (const [name, text] of Object.entries(cell.marks)) {
      const texts = (marks[name] ??= []);
      if (!texts.includes(text)) texts.push(text);
    }
  }
  return marks;
}
