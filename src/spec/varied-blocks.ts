import type { Json } from "../base/json.js";
import { isJsonObject } from "../base/json.js";

/** Keys of `sweep` and of `sweep.sample` that are not axes. */
const PARTS = new Set(["grid", "zip", "include", "exclude", "sample"]);
const OF_SAMPLE = new Set(["trials", "seed", "space"]);

/**
 * The top-level blocks that a sweep varies as it is written, mistakes among it: the first parts of all
 * its axes. Null where an axis names no block, so that nobody knows what it was to vary.
 *
 * @param known names of the blocks that an axis may vary
 */
export function variedBlocks(
  sweep: Json | undefined,
  known: readonly string[],
): ReadonlySet<string> | null {
  const axes: string[] = [];
  const collect = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const one of value as readonly Json[]) collect(one);
    else if (isJsonObject(value)) axes.push(...Object.keys(value));
  };
  if (!isJsonObject(sweep)) collect(sweep);
  else {
    for (const [key, value] of Object.entries(sweep)) {
      if (!PARTS.has(key)) axes.push(key);
      else if (key !== "sample" || !isJsonObject(value)) collect(value);
      else {
        axes.push(...Object.keys(value).filter((one) => !OF_SAMPLE.has(one)));
        collect(value["space"]);
      }
    }
  }
  const blocks = axes.map((axis) => axis.split(".")[0]!);
  return blocks.every((block) => known.includes(block)) ? new Set(blocks) : null;
}
