import { SIDES, type Side } from "../../base/artifacts/knowledge.js";

/** Counts by side and kind, as a stage's metrics: `users.reasonable`. */
export class Counts {
  private readonly counts: { [name: string]: number };
  constructor(kinds: readonly string[]) {
    const names = SIDES.flatMap((side) => kinds.map((kind) => `${side}.${kind}`));
    this.counts = Object.fromEntries(names.map((name) => [name, 0]));
  }
  add(side: Side, kind: string): void {
    this.counts[`${side}.${kind}`]! += 1;
  }
  metrics(): { readonly [name: string]: number } {
    return this.counts;
  }
}
