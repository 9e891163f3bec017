import { createHash } from "node:crypto";
import { open, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CellId, Fingerprint, SweepId } from "../../src/base/fingerprint.js";
import type { Event } from "../../src/journal/events.js";
import { formatLine } from "../../src/journal/line.js";
import { writePlanFile } from "../../src/journal/plan-file.js";
import { CURVES } from "./toy.js";

/** Epochs of each cell of the written journal. */
const STEPS = 20;

/**
 * Writes a journal into a sweep's folder: cells that begin, tell twenty steps of six curves, and end.
 *
 * @returns the number of its events
 */
export async function writeJournal(folder: string, events: number): Promise<number> {
  await mkdir(folder, { recursive: true });
  const cells = Math.ceil(events / (STEPS + 2));
  const identity = { runner: "cell", version: 1, inputs: {}, files: {} };
  const stages = Array.from({ length: cells }, (_, at) => ({
    ...identity,
    fingerprint: createHash("sha256").update(`cell ${at}`).digest("hex") as Fingerprint,
    label: `cell ${at}`,
    params: { name: String(at) },
  }));
  const handle = await open(join(folder, "journal.ndjson"), "w");
  let seq = 0;
  let text = "";
  const add = (event: Parameters<typeof formatLine>[0]["event"]): void => {
    text += formatLine({ seq: ++seq, time: 1_790_000_000_000 + seq, event });
  };
  const flush = async (): Promise<void> => {
    await handle.appendFile(text);
    text = "";
  };
  const started: Extract<Event, { type: "sweep-started" }> = {
    ...{ type: "sweep-started", sweep: "0".repeat(16) as SweepId, experiment: "journal" },
    ...{ specFile: "journal.yaml", specText: "name: journal", resolved: {}, stages },
    cells: stages.map(({ fingerprint, params }) => ({
      ...{ id: fingerprint.slice(0, 16) as CellId, settings: params, stage: fingerprint },
    })),
    ...{ codeVersion: "0", gitCommit: null, process: 1, host: "bench" },
  };
  add(await writePlanFile(folder, started));
  for (const [at, { fingerprint: stage }] of stages.entries()) {
    const call = { attempt: 1, worker: 1, gpus: [], fusedWith: 1 };
    add({ type: "stage-started", stage, ...call });
    for (let step = 1; step <= STEPS; step++) {
      const values = CURVES.map((name, curve) => [name, Math.sin(at + step * curve)] as const);
      add({ type: "stage-metrics", stage, step, values: Object.fromEntries(values) });
    }
    add({ type: "stage-finished", stage, seconds: 1.5, result: { metrics: { value: 1 } } });
    if (text.length > 1e6) await flush();
  }
  add({ type: "sweep-finished", outcome: "done", seconds: 60 });
  await flush();
  await handle.close();
  return seq;
}
