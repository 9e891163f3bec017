import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CardStarts } from "../../../src/execute/card-starts.js";

let starts: CardStarts;
/** Who has begun, in order, and what says that they have. */
let begun: string[];
let ends: Map<string, () => void>;

beforeEach(() => {
  vi.useFakeTimers();
  starts = new CardStarts();
  begun = [];
  ends = new Map();
});
afterEach(() => void vi.useRealTimers());

function ask(name: string, gpus: readonly number[]): void {
  void starts.take(gpus).then((end) => {
    begun.push(name);
    ends.set(name, end);
  });
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe("programs that begin on a card", () => {
  it("are four at a time on each card, in the order in which they were asked for", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) ask(name, [0]);
    ask("other card", [1]);
    await settled();
    expect(begun).toEqual(["a", "b", "c", "d", "other card"]);
    ends.get("c")!();
    // Twice for one program makes room for one.
    ends.get("c")!();
    await settled();
    expect(begun.slice(5)).toEqual(["e"]);
    ends.get("a")!();
    await settled();
    expect(begun.slice(5)).toEqual(["e", "f"]);
  });

  it("make room where one is silent for 5 s", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) ask(name, [0]);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(begun).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(200);
    expect(begun).toHaveLength(5);
  });

  it("need room on all cards of a program, and none where it has no card", async () => {
    for (const name of ["a", "b", "c", "d"]) ask(name, [1]);
    ask("both", [0, 1]);
    ask("none", []);
    await settled();
    expect(begun.slice(4)).toEqual(["none"]);
    ends.get("b")!();
    await settled();
    expect(begun.slice(4)).toEqual(["none", "both"]);
  });
});
