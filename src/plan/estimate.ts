import type { Fingerprint } from "../base/fingerprint.js";
import type { StageEstimate } from "../contract/runner.js";
import type { Plan } from "./plan.js";
import type { StagePresence } from "./presence.js";

/** What a sweep will take, as an estimate. */
export interface PlanEstimate {
  /** The estimate of every stage, in the plan's order. A cached stage takes nothing. */
  readonly stages: ReadonlyMap<Fingerprint, StageEstimate>;
  /** Over the stages that would run. */
  readonly total: Omit<StageEstimate, "sizes" | "unknown">;
  /** What is not known, a sentence each: the true numbers are larger. */
  readonly unknown: readonly string[];
}

const NOTHING: StageEstimate = {
  promptTokens: 0,
  completionTokens: 0,
  gpuHours: 0,
  usd: 0,
  sizes: {},
};

/**
 * Estimates what the stages of a plan will take, each from the estimates of the stages that it
 * needs. If an artifact exists, its own sizes are used.
 */
export function estimatePlan(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): PlanEstimate {
  const stages = new Map<Fingerprint, StageEstimate>();
  const total = { promptTokens: 0, completionTokens: 0, gpuHours: 0, usd: 0 };
  for (const [fingerprint, { record, runner, execution }] of plan.stages) {
    const inputs = Object.fromEntries(
      Object.entries(record.inputs).map(([name, input]) => [name, stages.get(input) ?? NOTHING]),
    );
    const guess = runner.estimate?.({ params: record.params, execution, inputs }) ?? NOTHING;
    const manifest = presence.get(fingerprint)?.manifest ?? null;
    const found =
      manifest === null ? guess : { ...NOTHING, sizes: { ...guess.sizes, ...manifest.metrics } };
    stages.set(fingerprint, found);
    if (presence.get(fingerprint)?.wouldRun !== true) continue;
    total.promptTokens += found.promptTokens;
    total.completionTokens += found.completionTokens;
    total.gpuHours += found.gpuHours;
    total.usd += found.usd;
  }
  const unknown = [...stages.values()].flatMap((stage) => stage.unknown ?? []);
  return { stages, total, unknown: [...new Set(unknown)] };
}
