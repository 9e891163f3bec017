import type { JointClaim } from "../contract/statistics.js";
import type { SignedDifference } from "../statistics/index.js";
import { FEWEST_SEEDS, judge, neededBy, oneSided } from "../statistics/index.js";
import type { Contrast, Judging } from "./contrast.js";
import { contrastOf } from "./contrast.js";
import { extendsSettings } from "./groups.js";
import type { Layout, Place } from "./layout.js";
import type { ClaimResult } from "./model.js";
import { directionOf, isOpenState } from "./select.js";

/** Every joint claim of the science about every variant that it can be made of. */
export function claimsOf(
  layout: Layout,
  judging: Judging,
  margin: number | null,
): readonly ClaimResult[] {
  const { field } = judging;
  return layout.flatMap(({ settings, places }) =>
    places
      .filter((place) => field.needsControl(place.all[0]!.settings))
      .flatMap((place) =>
        (field.statistics?.claims ?? []).flatMap((claim) => {
          const result = claimOf(claim, place, places, judging, margin);
          return result === null ? [] : [{ ...result, row: settings }];
        }),
      ),
  );
}

/** Null where one of the others is not in the row: the claim is then not made. */
function claimOf(
  claim: JointClaim,
  place: Place,
  places: readonly Place[],
  judging: Judging,
  margin: number | null,
): Omit<ClaimResult, "row"> | null {
  const { metric, field } = judging;
  const against: { name: string; contrast: Contrast | null; place: Place }[] = [];
  for (const { name, settings } of claim.against) {
    const other = places.find(
      (one) =>
        one !== place &&
        field.isMarked(one.all[0]!.settings, settings) &&
        (!field.isControl(one.all[0]!.settings) || isControlOf(one, place, judging)),
    );
    if (other === undefined) return null;
    against.push({ name, contrast: contrastOf(place.cells, other.cells, judging), place: other });
  }
  const sign = directionOf(metric) === "max" ? 1 : -1;
  const differences = against.flatMap(({ contrast }): SignedDifference[] =>
    contrast === null || contrast.combined === null
      ? []
      : [{ gain: sign * contrast.difference, combined: contrast.combined }],
  );
  const involved = [place, ...against.map((one) => one.place)];
  const impediments = involved.map((one) => claim.impediment(one.all[0]!.settings));
  const why =
    impediments.find((one) => one !== null) ??
    whyUnfinished(involved) ??
    whyOpen(against.map((one) => one.contrast));
  const complete = differences.length === against.length;
  const verdict = why === null && complete ? judge(differences, margin) : "cannot tell";
  const open = verdict === "cannot tell" && complete && margin !== null;
  return {
    claim: claim.name,
    variant: place.settings,
    verdict,
    why,
    margin,
    needed:
      open && differences.every(({ combined }) => combined.seedVariance !== null)
        ? neededBy(differences, margin)
        : null,
    against: against.flatMap(({ name, contrast }) => {
      if (contrast === null) return [];
      const { difference, combined, seeds } = contrast;
      const p =
        combined === null || seeds < FEWEST_SEEDS
          ? null
          : oneSided({ gain: sign * difference, combined });
      const interval = combined?.sureness.interval ?? null;
      return [{ name, difference, interval, oneSided: p, seeds }];
    }),
  };
}

/** A verdict from some of the seeds would change with the next one: it waits for all that can finish. */
function whyUnfinished(places: readonly Place[]): string | null {
  const open = places.flatMap(({ all }) => all.filter(({ state }) => isOpenState(state))).length;
  if (open === 0) return null;
  return open === 1 ? "1 cell has not finished" : `${open} cells have not finished`;
}

function whyOpen(contrasts: readonly (Contrast | null)[]): string | null {
  for (const contrast of contrasts) {
    if (contrast === null) return "no seed is finished on both sides";
    if (contrast.reason !== null) return contrast.reason;
    if (contrast.seeds < FEWEST_SEEDS) return `fewer than ${FEWEST_SEEDS} seeds on both sides`;
  }
  return null;
}

/** True where a place is a control of the variant: equal in all that it has but the control. */
export function isControlOf(control: Place, variant: Place, { field }: Judging): boolean {
  return (
    field.isControl(control.all[0]!.settings) &&
    extendsSettings(field.uncontrolled(variant.settings), field.uncontrolled(control.settings))
  );
}
