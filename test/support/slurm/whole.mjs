/**
 * The whole test of Slurm, of which the tests run a small share:
 *
 *   npm run test:slurm -- --kills 20 --cells 500 --crashes 3
 *   npm run test:slurm -- --real --kills 10 --cells 60 --pack 5 --crashes 2
 *
 * `--real`: cells that train a model on MovieLens-100K, and no other test. `--pack`: so many in a job.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const text = (value) => ({ type: "string", default: value });
const { values } = parseArgs({
  options: {
    kills: text("20"),
    cells: text("500"),
    crashes: text("3"),
    pack: text("1"),
    real: { type: "boolean", default: false },
  },
});
const tests = `test/src/execute/cluster${values.real ? "/kills.test.ts" : ""}`;
const { status } = spawnSync(
  process.execPath,
  ["scripts/bootstrap.mjs", "tool", "vitest", "run", tests],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      R4EC_SLURM_KILLS: values.kills,
      R4EC_SLURM_CELLS: values.cells,
      R4EC_SLURM_CRASHES: values.crashes,
      R4EC_SLURM_PACK: values.pack,
      R4EC_SLURM_REAL: values.real ? "1" : "",
    },
  },
);
process.exitCode = status ?? 1;
