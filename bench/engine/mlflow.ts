import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fetch } from "undici";
import pLimit from "p-limit";
import { loadConfig } from "../../src/config/load.js";
import { trackingEnvironment } from "../../src/toolchain/index.js";
import { ensureServer, stopServer } from "../../src/tracking/index.js";
import { sweepCommand, writeSpec, measure, type Programs } from "./commands.js";
import { CURVES } from "./toy.js";

/** Epochs of a run. */
const EPOCHS = 20;
/** Runs that are sent to at a time, by both. */
const AT_ONCE = 4;

/** What sending took, in seconds of the clock a run. */
export interface Sent {
  readonly runs: number;
  readonly secondsPerRun: number;
}

/**
 * Runs a sweep of trivial stages that is tracked by an MLflow server of its own, the whole of it: running,
 * sending, and looking whether the values are there. Then a smaller number of runs with the same values is
 * sent by one request a metric, which looks at nothing.
 */
export async function mlflowRows(
  programs: Programs,
  { runs, slowRuns }: { readonly runs: number; readonly slowRuns: number },
): Promise<{ readonly ours: Sent; readonly other: Sent }> {
  const config = await loadConfig({ cwd: programs.folder });
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join("; "));
  const server = join(programs.folder, "mlflow");
  const url = await ensureServer(server, () => trackingEnvironment(config.value, () => undefined));
  if (!url.ok) throw url.error;
  try {
    const spec = await writeSpec(programs.folder, runs, EPOCHS);
    const store = join(programs.folder, "store-mlflow");
    await rm(store, { recursive: true, force: true });
    const sweep = sweepCommand(programs, spec, store).map((word) =>
      word === "off" ? url.value : word,
    );
    const took = await measure(programs, programs.folder, sweep);
    const seconds = await oneByOne(url.value, slowRuns);
    return {
      ours: { runs, secondsPerRun: took.wall / runs },
      other: { runs: slowRuns, secondsPerRun: seconds / slowRuns },
    };
  } finally {
    await stopServer(server);
  }
}

/** Makes runs and logs each value by a request of its own; gives the seconds. */
async function oneByOne(server: string, runs: number): Promise<number> {
  const post = async (call: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${server}/api/2.0/mlflow/${call}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${call}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const name = `one by one ${Date.now()}`;
  const made = (await post("experiments/create", { name })) as { experiment_id: string };
  const one = async (): Promise<void> => {
    const { experiment_id } = made;
    const { run } = (await post("runs/create", { experiment_id, start_time: Date.now() })) as {
      run: { info: { run_id: string } };
    };
    const { run_id } = run.info;
    for (let step = 1; step <= EPOCHS; step++) {
      for (const [at, key] of CURVES.entries()) {
        const timestamp = Date.now();
        await post("runs/log-metric", { run_id, key, value: (at + 1) / step, step, timestamp });
      }
    }
    await post("runs/update", { run_id, status: "FINISHED", end_time: Date.now() });
  };
  const limit = pLimit(AT_ONCE);
  const began = performance.now();
  await Promise.all(Array.from({ length: runs }, () => limit(one)));
  return (performance.now() - began) / 1000;
}
