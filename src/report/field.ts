import { canonicalJson, type Json } from "../base/json.js";
import type { Science } from "../contract/science.js";
import type { FlatSettings } from "../spec/index.js";
import type { CellOutcome } from "./outcome.js";

/** What a comparison knows of the field that its cells are of. */
export type ComparedScience = Pick<Science, "statistics" | "neutral">;

/** Settings as the science means them: which make controls, which replicates, which are neutral. */
export class Field {
  readonly statistics: Science["statistics"];
  /** Settings whose values are replicates beside the seed. */
  readonly folds: readonly string[];
  /** Settings that make controls. */
  readonly controls: readonly string[];
  readonly #neutral: Science["neutral"];

  constructor(science: ComparedScience | undefined) {
    this.statistics = science?.statistics;
    this.#neutral = science?.neutral ?? {};
    this.folds = this.statistics?.folds ?? [];
    const control = this.statistics?.control;
    this.controls = control === undefined ? [] : [control.path, ...control.also];
  }

  /** A cell without settings of controls that stand at their neutral value: `off` names nothing. */
  bare(cell: CellOutcome): CellOutcome {
    const neutral = this.controls.filter(
      (path) => cell.settings[path] !== undefined && this.#isNeutral(path, cell.settings[path]),
    );
    if (neutral.length === 0) return cell;
    const settings = Object.entries(cell.settings).filter(([path]) => !neutral.includes(path));
    return { ...cell, settings: Object.fromEntries(settings) };
  }

  isControl(settings: FlatSettings): boolean {
    const path = this.statistics?.control.path;
    return path !== undefined && !this.#isNeutral(path, settings[path]);
  }

  /** Whether a cell has something that a control could take the place of, and is none itself. */
  needsControl(settings: FlatSettings): boolean {
    return this.statistics?.control.applies(settings) === true && !this.isControl(settings);
  }

  /** True where `settings` have all of `mark`. A control is marked only by one that speaks of controls. */
  isMarked(settings: FlatSettings, mark: FlatSettings): boolean {
    const speaks = this.controls.some((path) => mark[path] !== undefined);
    return (
      (speaks || !this.isControl(settings)) &&
      Object.entries(mark).every(
        ([path, value]) =>
          canonicalJson(settings[path] ?? this.#neutral[path] ?? null) === canonicalJson(value),
      )
    );
  }

  /** Settings without those that make controls. */
  uncontrolled(settings: FlatSettings): FlatSettings {
    return Object.fromEntries(
      Object.entries(settings).filter(([path]) => !this.controls.includes(path)),
    );
  }

  /** Tells folds apart; one text for all cells where the science has none. */
  foldOf(settings: FlatSettings): string {
    return this.folds
      .map((path) => canonicalJson(settings[path] ?? this.#neutral[path] ?? null))
      .join(" ");
  }

  #isNeutral(path: string, value: Json | undefined): boolean {
    return (
      value === undefined || canonicalJson(value) === canonicalJson(this.#neutral[path] ?? null)
    );
  }
}
