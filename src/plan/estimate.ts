import type { Fingerprint } from "../base/fingerprint.js";
import type { StageEstimate } from "../contract/runner.js";
import type { Plan } from "./plan.js";
import type { StagePresence } from "./presence.js";

const NOTHING: StageEstimate = {
  promptTokens: 0,
  completionTokens: 0,
  gpuHours: 0,
  seconds: 0,
  sizes: {},
};

/**
 * What the stages of a plan will take by their runners' own reckoning, in the plan's order: each from
 * the estimates of the stages that it needs. A stage whose artifact exists takes nothing, and its own
 * sizes are used. Null: its runner reckons nothing.
 */
export function reckonPlan(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): ReadonlyMap<Fingerprint, StageEstimate | null> {
  const stages = new Map<Fingerprint, StageEstimate | null>();
  for (const [fingerprint, { record, runner, execution }] of plan.stages) {
    const inputs = Object.fromEntries(
      Object.entries(record.inputs).map(([name, input]) => [name, stages.get(input) ?? NOTHING]),
    );
    const guess = runner.estimate?.({ params: record.params, execution, inputs }) ?? null;
    const manifest = presence.get(fingerprint)?.manifest ?? null;
    stages.set(
      fingerprint,
      manifest === null ? guess : { ...NOTHING, sizes: { ...guess?.sizes, ...manifest.metrics } },
    );
  }
  return stages;
}
