import type { JournalEntry } from "../journal/events.js";
import type { Projection } from "./projection.js";
import type { RunKey, RunUpdate } from "./update.js";

/** Applies entries. What MLflow was told before (up to the cursor) is told again to lost runs alone. */
export function replay(
  projection: Projection,
  entries: readonly JournalEntry[],
  cursor: number,
  lost: ReadonlySet<RunKey>,
): RunUpdate[] {
  const updates: RunUpdate[] = [];
  let isNew = false;
  for (const entry of entries) {
    if (!isNew && entry.seq > cursor) {
      updates.push(...onlyLost(projection.take(), lost));
      isNew = true;
    }
    projection.apply(entry);
  }
  updates.push(...(isNew ? projection.take() : onlyLost(projection.take(), lost)));
  return updates;
}

const onlyLost = (updates: RunUpdate[], lost: ReadonlySet<RunKey>): RunUpdate[] =>
  lost.size === 0 ? [] : updates.filter(({ key }) => lost.has(key));
