import type { Diagnostic } from "../base/diagnostic.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan, StagePresence } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import { notHere } from "./experiment.js";

/**
 * Variables of the environment that stages which would run need and that are not set: an error for
 * each place of the spec. Without this check a sweep would find out hours after its start.
 */
export function missingVariables(
  experiment: Pick<Experiment, "placeOf">,
  { stages }: Pick<Plan, "stages">,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const [fingerprint, { wouldRun }] of presence) {
    const { record, runner, execution } = stages.get(fingerprint)!;
    const needed = wouldRun ? (runner.variables?.(record.params, execution) ?? []) : [];
    for (const { name, setting } of needed) {
      if ((process.env[name] ?? "") !== "") continue;
      const message = `the environment variable ${name}, which ${setting} names, is not set; ${record.label} needs it`;
      const key = JSON.stringify([name, setting]);
      if (!found.has(key)) {
        const place = experiment.placeOf(setting);
        found.set(key, { severity: "error", message, ...place, path: setting });
      }
    }
  }
  return [...found.values()];
}

/** The same for commands that run nothing: what `sweep` would say here. */
export const variableRemarks = (
  ...asked: Parameters<typeof missingVariables>
): readonly Diagnostic[] => missingVariables(...asked).map(notHere);
