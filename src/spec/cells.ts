import { type CellId, cellIdOf } from "../base/fingerprint.js";
import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import type { Ignored, Science } from "../contract/science.js";
import { contains, valueAt, withoutValue } from "./dotted.js";
import type { Cell } from "./experiment.js";
import { finder } from "./match.js";
import type { Block, Normaliser } from "./normalise.js";
import { type Origin, overridesOf } from "./origin.js";
import type { Problem } from "./problem.js";
import type { Dimension, Point, Sweep } from "./sweep.js";

/** A setting that has no effect in some cells. */
export interface Idle extends Ignored {
  /** The number of cells in which it has no effect. */
  readonly cells: number;
  /** How many of these cells grid and zip make. An axis gives no value to a cell of an include. */
  readonly crossed: number;
}

/** All cells of a spec, and what was seen on the way. */
export interface Expansion {
  readonly cells: readonly Cell[];
  /** What made each cell, by its id. */
  readonly origins: ReadonlyMap<CellId, Origin>;
  /** Blocks of cells that are wrong; such cells are left out of `cells`. */
  readonly wrong: readonly { readonly origin: Origin; readonly problem: Problem }[];
  readonly idle: readonly Idle[];
  /** The number of cells before any was left out. */
  readonly considered: number;
  /** How many of these cells grid and zip make. */
  readonly crossed: number;
  /** The number of cells after exclude and before equal ones were merged. */
  readonly made: number;
  /** Includes that equal an earlier cell. */
  readonly repeated: readonly Point[];
  /** Excludes that matched nothing. */
  readonly idleExcludes: readonly Point[];
}

/** Expands the sweep over the base settings; time and memory grow with the number of cells. */
export function expandCells(
  base: JsonObject,
  sweep: Sweep,
  keys: readonly string[],
  science: Pick<Science, "ignored" | "neutral">,
  normaliser: Normaliser,
): Expansion {
  const { dimensions } = sweep;
  const maker = new Maker(base, dimensions, keys, science, normaliser);
  const excludes = sweep.excludes.map(({ settings }) =>
    Object.fromEntries(
      Object.entries(settings).map(([path, value]): [string, Json] => [
        path,
        normaliser.setting(path, value),
      ]),
    ),
  );
  const excluding = finder(excludes);
  const usedExcludes = new Set<number>();
  const cells = new Map<CellId, Cell>();
  const origins = new Map<CellId, Origin>();
  const repeated: Point[] = [];
  const texts = new WeakMap<object, string>();
  const identity = identities(science.neutral);
  let made = 0;

  const add = (origin: Origin, settings: JsonObject): void => {
    made += 1;
    const id = cellIdOf(identity(settings), texts);
    if (cells.has(id)) {
      if (origin.kind === "include") repeated.push(origin.point);
      return;
    }
    const overrides = overridesOf(origin, dimensions);
    const pinned = overrides.find(({ path }) => path === "gpu")?.value;
    const axes = overrides
      .filter(({ path }) => path !== "gpu")
      .map(({ path, value }): [string, Json] => [path, maker.expanded(path, value)]);
    cells.set(id, {
      id,
      settings,
      gpu: typeof pinned === "number" ? pinned : null,
      axes: Object.fromEntries(axes),
      included: origin.kind === "include",
    });
    origins.set(id, origin);
  };

  for (const choice of choices(dimensions)) {
    const origin: Origin = { kind: "product", choice };
    const settings = maker.make(origin);
    if (settings === null) continue;
    const left = excluding(settings);
    for (const one of left) usedExcludes.add(one);
    if (left.length === 0) add(origin, settings);
  }
  for (const point of sweep.includes) {
    const origin: Origin = { kind: "include", point };
    const settings = maker.make(origin);
    if (settings !== null) add(origin, settings);
  }
  return {
    cells: place([...cells.values()], sweep.dealt, base["gpu"]),
    origins,
    wrong: maker.wrong,
    idle: maker.idle(),
    considered: maker.considered,
    crossed: maker.crossed,
    made,
    repeated,
    idleExcludes: sweep.excludes.filter((_, at) => !usedExcludes.has(at)),
  };
}

/**
 * Distributes cells without a GPU of their own over the GPUs of the grid's axis; without such an
 * axis they get the base setting's GPU.
 */
function place(
  cells: readonly Cell[],
  dealt: readonly number[] | null,
  base: Json | undefined,
): readonly Cell[] {
  const cards = dealt ?? (typeof base === "number" ? [base] : []);
  if (cards.length === 0) return cells;
  let next = 0;
  return cells.map((cell) =>
    cell.gpu === null ? { ...cell, gpu: cards[next++ % cards.length]! } : cell,
  );
}

/** Every combination of one index per dimension, the last dimension fastest. */
function* choices(dimensions: readonly Dimension[]): Generator<readonly number[]> {
  const choice = dimensions.map(() => 0);
  if (dimensions.some(({ length }) => length === 0)) return;
  for (;;) {
    yield [...choice];
    let at = choice.length - 1;
    while (at >= 0 && ++choice[at]! === dimensions[at]!.length) choice[at--] = 0;
    if (at < 0) return;
  }
}

/** Paths of settings without effect by their top-level key. */
function byKey(ignored: readonly Ignored[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const { path } of ignored) {
    const key = path.split(".", 1)[0]!;
    const known = paths.get(key);
    if (known === undefined) paths.set(key, [path]);
    else known.push(path);
  }
  return paths;
}

/** True where the setting or block at `path` has a neutral value and stands at it. */
function isNeutral(neutral: Science["neutral"], settings: JsonObject, path: string): boolean {
  const value = valueAt(settings, path);
  const expected = neutral[path];
  if (value === undefined || expected === undefined) return false;
  return canonicalJson(value) === canonicalJson(expected);
}

/** What of a cell's settings makes its id: all but those that stand at their neutral value. */
function identities(neutral: Science["neutral"]): (settings: JsonObject) => JsonObject {
  const rules = Object.keys(neutral).map((path) => ({ path, key: path.split(".", 1)[0]! }));
  if (rules.length === 0) return (settings) => settings;
  // Cells share their blocks, so a block is looked at once.
  const known = new WeakMap<object, JsonObject>();
  const trim = (key: string, block: Json): JsonObject => {
    const seen = isJsonObject(block) ? known.get(block) : undefined;
    if (seen !== undefined) return seen;
    const trimmed = rules
      .filter((rule) => rule.key === key)
      .reduce<JsonObject>(
        (one, { path }) => (isNeutral(neutral, one, path) ? withoutValue(one, path) : one),
        { [key]: block },
      );
    if (isJsonObject(block)) known.set(block, trimmed);
    return trimmed;
  };
  return (settings) =>
    Object.assign({}, ...Object.entries(settings).map(([key, block]) => trim(key, block)));
}

/** Makes cells block by block; equal blocks are made once and shared. */
class Maker {
  readonly wrong: { readonly origin: Origin; readonly problem: Problem }[] = [];
  considered = 0;
  crossed = 0;
  readonly #blocks = new Map<string, Map<string, Block>>();
  readonly #dimensionsOf: ReadonlyMap<string, readonly number[]>;
  readonly #numbers = new Map<Json, number>();
  readonly #ignored = new Map<
    string,
    {
      readonly list: readonly Ignored[];
      /** The paths of all ignored ones by top-level key. */
      readonly paths: ReadonlyMap<string, readonly string[]>;
      cells: number;
      crossed: number;
    }
  >();
  readonly #trimmed = new Map<string, Json | undefined>();
  readonly #expanded = new Map<string, Map<Json, Json>>();

  constructor(
    private readonly base: JsonObject,
    private readonly dimensions: readonly Dimension[],
    private readonly keys: readonly string[],
    private readonly science: Pick<Science, "ignored" | "neutral">,
    private readonly normaliser: Normaliser,
  ) {
    this.#dimensionsOf = new Map(
      keys.map((key) => [
        key,
        dimensions.flatMap(({ axes }, index) =>
          axes.some(({ path }) => contains(key, path)) ? [index] : [],
        ),
      ]),
    );
  }

  /** Normalised settings without those that have no effect; null where something is wrong. */
  make(origin: Origin): JsonObject | null {
    const blocks = this.keys.map((key) => [key, this.#block(key, origin)] as const);
    if (blocks.some(([, block]) => block.problems.length > 0)) return null;
    // The seed is no business of the science's, so cells that differ in it alone are asked about once.
    const kind = blocks
      .map(([key, { value }]) => (key === "seed" ? "" : this.#number(value!)))
      .join(" ");
    let ignored = this.#ignored.get(kind);
    if (ignored === undefined) {
      const settings = Object.fromEntries(blocks.map(([key, { value }]) => [key, value!]));
      const list = this.science.ignored(settings);
      // A setting at its neutral value asks for nothing, so there is no hint about it.
      const idle = list.filter(({ path }) => !isNeutral(this.science.neutral, settings, path));
      ignored = { list: idle, paths: byKey(list), cells: 0, crossed: 0 };
      this.#ignored.set(kind, ignored);
    }
    ignored.cells += 1;
    this.considered += 1;
    if (origin.kind === "product") {
      ignored.crossed += 1;
      this.crossed += 1;
    }
    const { paths } = ignored;
    const trimmed = blocks.map(
      ([key, { value }]) => [key, this.#trim(key, value!, paths.get(key))] as const,
    );
    return Object.fromEntries(trimmed.filter(([, value]) => value !== undefined)) as JsonObject;
  }

  /** Settings without effect, with the number of cells in which they have none. */
  idle(): readonly Idle[] {
    const idle = new Map<string, Idle>();
    for (const { list, cells, crossed } of this.#ignored.values()) {
      for (const { path, because } of list) {
        const before = idle.get(path) ?? { cells: 0, crossed: 0 };
        const counts = { cells: before.cells + cells, crossed: before.crossed + crossed };
        idle.set(path, { path, because, ...counts });
      }
    }
    return [...idle.values()];
  }

  /** An axis value with its shorthand expanded. */
  expanded(path: string, value: Json): Json {
    let known = this.#expanded.get(path);
    if (known === undefined) this.#expanded.set(path, (known = new Map()));
    let expanded = known.get(value);
    if (expanded === undefined) known.set(value, (expanded = this.normaliser.setting(path, value)));
    return expanded;
  }

  #block(key: string, origin: Origin): Block {
    const memo =
      origin.kind === "product"
        ? this.#dimensionsOf
            .get(key)!
            .map((index) => origin.choice[index]!)
            .join(" ")
        : Object.keys(origin.point.settings).some((path) => contains(key, path))
          ? null
          : "base";
    const slot = memo === null ? null : `${memo === "base" ? "base" : "product"} ${memo}`;
    let known = this.#blocks.get(key);
    if (known === undefined) this.#blocks.set(key, (known = new Map()));
    const made = slot === null ? undefined : known.get(slot);
    if (made !== undefined) return made;
    const overrides = overridesOf(origin, this.dimensions).filter(({ path }) =>
      contains(key, path),
    );
    const block = this.normaliser.block(key, this.base[key], overrides);
    for (const problem of block.problems) this.wrong.push({ origin, problem });
    if (slot !== null) known.set(slot, block);
    return block;
  }

  #trim(key: string, value: Json, paths: readonly string[] | undefined): Json | undefined {
    if (paths === undefined) return value;
    const slot = `${this.#number(value)} ${paths.join(" ")}`;
    if (this.#trimmed.has(slot)) return this.#trimmed.get(slot);
    const trimmed = paths.reduce<JsonObject>(withoutValue, { [key]: value })[key];
    this.#trimmed.set(slot, trimmed);
    return trimmed;
  }

  #number(value: Json): number {
    let number = this.#numbers.get(value);
    if (number === undefined) this.#numbers.set(value, (number = this.#numbers.size));
    return number;
  }
}
