import type { Json, JsonObject } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { Placed, Spot } from "./places.js";

/** Writes out the short forms of settings, as {@link Science.expand} does. */
export type Expand = (settings: JsonObject) => JsonObject;

/**
 * One mapping laid over another: mappings merge, key by key, at any depth; everything else (lists,
 * texts, numbers, null) replaces what is below it. Where a mapping meets the short form of one
 * (`{size: 5}` over `small`), the short form is written out first.
 */
export function layOver(
  lower: Placed<JsonObject>,
  upper: Placed<JsonObject>,
  expand: Expand,
): Placed<JsonObject> {
  return mergeMaps(lower, upper, (key) => {
    const written = lower.value[key];
    return written === undefined ? undefined : expand({ [key]: written })[key];
  });
}

/** @param full what stands below under a key, short forms written out */
function mergeMaps(
  lower: Placed<JsonObject>,
  upper: Placed<JsonObject>,
  full: (key: string) => Json | undefined,
): Placed<JsonObject> {
  const values = new Map(Object.entries(lower.value));
  const inside = new Map(lower.spot.inside);
  for (const [key, value] of Object.entries(upper.value)) {
    const spot = upper.spot.inside!.get(key)!;
    const below = values.get(key);
    const one =
      below === undefined
        ? { value, spot }
        : meet({ value: below, spot: inside.get(key)! }, { value, spot }, () => full(key));
    values.set(key, one.value);
    inside.set(key, one.spot);
  }
  return { value: Object.fromEntries(values), spot: { ...upper.spot, inside } };
}

function meet(
  lower: Placed<Json>,
  upper: Placed<Json>,
  full: () => Json | undefined,
): Placed<Json> {
  const { value } = upper;
  if (!isJsonObject(value)) return upper;
  const whole = full();
  const below = isJsonObject(lower.value) ? lower.value : whole;
  if (!isJsonObject(below)) return upper;
  const spot = isJsonObject(lower.value) ? lower.spot : spread(lower.spot, below);
  return mergeMaps({ value: below, spot }, { value, spot: upper.spot }, (key) =>
    isJsonObject(whole) ? whole[key] : undefined,
  );
}

/** Everything in a short form's mapping stands where the short form stands. */
function spread(spot: Spot, value: Json): Spot {
  if (!isJsonObject(value)) return spot;
  const entries = Object.entries(value).map(([key, inner]) => [key, spread(spot, inner)] as const);
  return { ...spot, inside: new Map(entries) };
}
