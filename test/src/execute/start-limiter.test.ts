import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StartLimiter } from "../../../src/execute/start-limiter.js";

let limiter: StartLimiter;
/** Who may start, in order, and what says that they have started. */
let started: string[];
let releases: Map<string, () => void>;

beforeEach(() => {
  vi.useFakeTimers();
  limiter = new StartLimiter();
  started = [];
  releases = new Map();
});
afterEach(() => void vi.useRealTimers());

function ask(name: string, gpus: readonly number[]): void {
  void limiter.acquire(gpus).then((release) => {
    started.push(name);
    releases.set(name, release);
  });
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe("programs that start on a card", () => {
  it("are four at a time on each card, in the order in which they were asked for", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) ask(name, [0]);
    ask("other card", [1]);
    await settled();
    expect(started).toEqual(["a", "b", "c", "d", "other card"]);
    releases.get("c")!();
    // Twice for one program makes room for one.
    releases.get("c")!();
    await settled();
    expect(started.slice(5)).toEqual(["e"]);
    releases.get("a")!();
    await settled();
    expect(started.slice(5)).toEqual(["e", "f"]);
  });

  it("make room where one is silent for 15 s", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) ask(name, [0]);
    await vi.advanceTimersByTimeAsync(14_900);
    expect(started).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(200);
    expect(started).toHaveLength(5);
  });

  it("all start at once when a sweep is stopped", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) ask(name, [0]);
    limiter.lift();
    ask("g", [0]);
    await settled();
    expect(started).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });

  it("need room on all cards of a program, and none where it has no card", async () => {
    for (const name of ["a", "b", "c", "d"]) ask(name, [1]);
    ask("both", [0, 1]);
    ask("none", []);
    await settled();
    expect(started.slice(4)).toEqual(["none"]);
    releases.get("b")!();
    await settled();
    expect(started.slice(4)).toEqual(["none", "both"]);
  });
});
