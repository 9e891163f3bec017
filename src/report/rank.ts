import { numberText } from "./labels.js";
import type { Entry, MetricTable, Row } from "./model.js";
import { better, isOpenState } from "./select.js";

/** True where a cell of an entry can still finish, so that its mean, or what is picked, may change. */
export const isOpen = ({ missing, selection }: Entry): boolean =>
  missing.some(({ state }) => isOpenState(state)) ||
  (selection?.candidates.some(({ open }) => open > 0) ?? false);

/**
 * The best entries of a row (1) and the second best (2). A mean over fewer seeds than the others' has
 * no rank. Means that read the same share a rank; then nobody takes the next one. No entry has a rank
 * in a row that is not finished, or that has one entry alone.
 */
export function ranksOf({ variants }: Row, direction: MetricTable["direction"]): Map<Entry, 1 | 2> {
  const ranks = new Map<Entry, 1 | 2>();
  if (variants.length < 2 || variants.some(isOpen)) return ranks;
  const complete = variants.filter(({ mean, missing }) => mean !== null && missing.length === 0);
  for (const entry of complete) {
    const shown = numberText(entry.mean!);
    const ahead = complete.filter(
      ({ mean }) => numberText(mean!) !== shown && better(direction, mean!, entry.mean!),
    ).length;
    if (ahead < 2) ranks.set(entry, ahead === 0 ? 1 : 2);
  }
  return ranks;
}
