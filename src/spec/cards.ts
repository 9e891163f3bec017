import type { Json } from "../base/json.js";
import type { Science } from "../contract/science.js";
import { type CheckContext, kindsOfCells } from "./check.js";
import type { Expansion } from "./cells.js";
import type { CardWish } from "./experiment.js";
import { whereOf } from "./origin.js";

/** Every place where the spec names a GPU by its number, or asks for several at once, or for memory of one. */
export function cardWishes(
  { places, sweep }: CheckContext,
  document: { readonly [key: string]: Json },
  expansion: Expansion,
  science: Pick<Science, "cards">,
): readonly CardWish[] {
  const wishes = new Map<string, CardWish>();
  const add = (
    where: readonly string[],
    path: string,
    wish: { gpu: number } | { count: number } | { memory: number },
  ) => {
    const place = places.value(where);
    wishes.set(JSON.stringify([place, wish]), { ...wish, path, ...place });
  };
  const number = (value: Json | undefined, where: readonly string[], path: string): void => {
    if (typeof value === "number") add(where, path, { gpu: value });
  };
  const resources = document["resources"] as { readonly gpus?: Json } | undefined;
  if (Array.isArray(resources?.gpus)) {
    for (const [index, gpu] of (resources.gpus as readonly Json[]).entries()) {
      number(gpu, ["resources", "gpus", String(index)], "resources.gpus");
    }
  }
  number(document["gpu"], ["gpu"], "gpu");
  const grid = (document["sweep"] as { readonly grid?: { readonly gpu?: Json } } | undefined)?.grid;
  for (const [index, gpu] of (sweep.dealt ?? []).entries()) {
    if (grid !== undefined) number(gpu, ["sweep", "grid", "gpu", String(index)], "gpu");
  }
  for (const { path, values, placeOf } of sweep.dimensions.flatMap(({ axes }) => axes)) {
    if (path !== "gpu") continue;
    for (const [index, gpu] of values.entries()) number(gpu, placeOf(index), "gpu");
  }
  for (const { settings, where } of sweep.includes)
    number(settings["gpu"], [...where, "gpu"], "gpu");
  if (science.cards === undefined) return [...wishes.values()];
  for (const { id, settings } of kindsOfCells(expansion.cells)) {
    for (const { path, count, memory } of science.cards(settings)) {
      if (count < 2 && memory === undefined) continue;
      const where = whereOf(expansion.origins.get(id)!, sweep.dimensions, path, places);
      if (count > 1) add(where, path, { count });
      if (memory !== undefined) add(where, path, { memory });
    }
  }
  return [...wishes.values()];
}
