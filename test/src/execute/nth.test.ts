import { execFile } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { toyProgram } from "../../support/engine.js";

const DRIVER = fileURLToPath(new URL("../../support/faults/driver.mjs", import.meta.url));

interface Report {
  readonly cases: number;
  /** Operations that a fault could befall, by fault. */
  readonly operations: { readonly [fault: string]: number };
  /** How often a run ended so: `EIO 3`. */
  readonly ends: { readonly [end: string]: number };
  readonly failures: readonly object[];
}

/** A sweep of two stages for each fault and each operation that changes the store. */
async function driveAll(faults: readonly string[]): Promise<Report> {
  const program = path.resolve(path.dirname(await toyProgram()), "..", "..", "..");
  const order = JSON.stringify({ program, faults, part: 0, parts: 1 });
  const { stdout } = await promisify(execFile)(process.execPath, [DRIVER, order], {
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Report;
}

describe("at every operation that changes the store, one after another,", () => {
  // Two processes, so that two cores share the cases.
  it.concurrent.each([
    { faults: ["kill", "EACCES", "EMFILE"], least: { kill: 100, EACCES: 50, EMFILE: 10 } },
    { faults: ["EIO", "ENOSPC", "EROFS"], least: { EIO: 100, ENOSPC: 100, EROFS: 50 } },
  ])(
    "$faults leave a store from which the next run makes the same, and nothing twice",
    { timeout: 900_000 },
    async ({ faults, least }) => {
      const report = await driveAll(faults);
      expect(report.failures).toEqual([]);
      for (const [fault, number] of Object.entries(least)) {
        expect(report.operations[fault]).toBeGreaterThan(number);
        // Most operations are not to be done without.
        const told = report.ends[`${fault} ${fault === "kill" ? "killed" : "3"}`];
        expect(told).toBeGreaterThan(number / 2);
      }
    },
  );
});
