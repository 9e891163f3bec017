import { expandHome } from "../base/home.js";
import type { JsonObject } from "../base/json.js";
import { blockOf } from "../base/json.js";
import type { Select, SpecResources, SpecTracking } from "./experiment.js";

/**
 * Reads what the engine itself needs out of a resolved spec: of one that has just been checked, or of
 * one that a journal kept, perhaps by another version of r4ec. What is not there in the known form
 * reads as left out.
 */

/** `select`; null where the spec tunes nothing. */
export function selectOf(resolved: JsonObject): Select | null {
  const select = blockOf(resolved, "select");
  const [metric, over] = [select["metric"], select["over"]];
  if (typeof metric !== "string" || !Array.isArray(over)) return null;
  return { metric, over: over.map(String) };
}

/**
 * `resources`.
 *
 * @param setting the science's name for the number of cells on one card
 */
export function resourcesOf(resolved: JsonObject, setting: string): SpecResources {
  const resources = blockOf(resolved, "resources");
  const [gpus, cpus] = [resources["gpus"], resources["cpus"]];
  const cells = resources[setting];
  return {
    ...(gpus === "auto" ? { gpus } : Array.isArray(gpus) ? { gpus: gpus.map(Number) } : {}),
    busyGpus: resources["busy_gpus"] === "use" ? "use" : "wait",
    mps: resources["mps"] === "off" ? "off" : "auto",
    cellsPerCard: typeof cells === "number" ? cells : 1,
    cpus: typeof cpus === "number" ? cpus : "auto",
  };
}

/** `environments`, each folder absolute: relative ones start at `folder`. */
export function environmentsOf(
  resolved: JsonObject,
  folder: string,
): { readonly [part: string]: string } {
  return Object.fromEntries(
    Object.entries(blockOf(resolved, "environments")).map(([part, place]) => [
      part,
      expandHome(String(place), folder),
    ]),
  );
}

/** `tracking`. */
export function trackingOf(resolved: JsonObject): SpecTracking {
  const tracking = blockOf(resolved, "tracking");
  if (tracking["mlflow"] === "off") return { mlflow: "off" };
  const mlflow = blockOf(tracking, "mlflow");
  const [uri, experiment, artifacts] = [mlflow["uri"], mlflow["experiment"], mlflow["artifacts"]];
  return {
    mlflow: {
      // A journal keeps no user info; the environment or a flag signs in.
      ...(typeof uri === "string" ? { uri: uri.replace("://***@", "://") } : {}),
      ...(typeof experiment === "string" ? { experiment } : {}),
      ...(artifacts === "small" || artifacts === "all" || artifacts === "none"
        ? { artifacts }
        : {}),
    },
  };
}
