/**
 * The whole test of Slurm, of which the tests run a small share:
 *
 *   npm run test:slurm -- --kills 20 --cells 500 --crashes 3
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const text = (value) => ({ type: "string", default: value });
const { values } = parseArgs({
  options: { kills: text("20"), cells: text("500"), crashes: text("3") },
});
const { status } = spawnSync(
  process.execPath,
  ["scripts/bootstrap.mjs", "tool", "vitest", "run", "test/src/execute/cluster"],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      R4EC_SLURM_KILLS: values.kills,
      R4EC_SLURM_CELLS: values.cells,
      R4EC_SLURM_CRASHES: values.crashes,
    },
  },
);
process.exitCode = status ?? 1;
