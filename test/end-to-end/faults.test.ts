import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";

const REAL = fileURLToPath(new URL("../support/faults/real.mjs", import.meta.url));

interface Report {
  readonly stages: readonly string[];
  readonly cases: number;
  readonly failures: readonly object[];
}

/** Cases of each sweep. `npm run test:faults` runs every one. */
const SAMPLE = 2;

it.each([
  ["models", SAMPLE, ["bias", "embed profile", "shuffled centred profile"]],
  ["people", SAMPLE, ["file", "split by users, fold 1 of 3", "ctr deepfm"]],
  ["language", SAMPLE, ["think", "embed think", "dataset ml-100k"]],
  // Fine-tuning twice in each run, it takes longest.
  ["taught", 1, ["teach-think m", "teach-review m", "finetune actor", "reflect 1", "refine 1"]],
])(
  "at a few operations of real stages, faults of the disk cost nothing that was finished: %s",
  { timeout: 600_000 },
  async (suite, sample, stages) => {
    const args = ["--sample", String(sample), "--seed", "11", "--suite", suite];
    const { stdout, stderr } = await execa(process.execPath, [REAL, ...args], { reject: false });
    const line = stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(line, stderr).toMatch(/^\{/);
    const report = JSON.parse(line) as Report;
    expect(report.failures).toEqual([]);
    // Of the operations that a fault was drawn for, some may not happen in another run.
    expect(report.cases).toBeGreaterThanOrEqual(sample - 1);
    expect(report.stages).toEqual(expect.arrayContaining(stages));
  },
);
