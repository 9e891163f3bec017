import type { Diagnostic, Finding } from "../base/diagnostic.js";
import type { Json, JsonObject } from "../base/json.js";
import type { FindExhibits } from "./exhibits.js";
import type { ListedCommand } from "./engine.js";
import type { PythonPart } from "./python-part.js";
import type { SpecPlace } from "./spec-place.js";
import type { FailureClass, Runner, StageRequest } from "./runner.js";
import type { Starter } from "./starter.js";
import type { ScienceStatistics } from "./statistics.js";
import type { Supply } from "./supply.js";
import type { UserProgram } from "./user-program.js";

/** A fragment of JSON Schema (draft 2020-12). Every property has a description. */
export type JsonSchema = JsonObject;

/** A setting that has no effect in a cell, and why. */
export interface Ignored {
  /** Dotted path of the setting or of the block that holds it. */
  readonly path: string;
  /** The reason, as the end of a sentence: `only the fast model reads it`. */
  readonly because: string;
}

/** What a setting asks of the cards of a machine. */
export interface AskedCards {
  /** Dotted path of the setting. */
  readonly path: string;
  /** GPUs at once. */
  readonly count: number;
  /** Megabytes of one GPU's memory. Left out: it does not say. */
  readonly memory?: number | undefined;
}

/**
 * What the engine needs to know of the field it serves. The engine asks; runners/registry.ts
 * answers. Nothing here may load TensorFlow or anything slow: validating and planning use it.
 */
export interface Science {
  /**
   * Schema fragments of the settings that the science owns, by top-level key (`data`,
   * `model`). Defaults stand in them; a setting with a string form lists it
   * beside the object form under `anyOf`, the object form last.
   */
  readonly fragments: { readonly [key: string]: JsonSchema };
  /** Short and foreign names of settings, as people write them (`n`), with the path that is meant. */
  readonly shortNames?: { readonly [name: string]: string };
  /**
   * The science as one spec extends it, where the spec names something that brings settings of its own,
   * such as a module of the user's. Left out: no spec does.
   *
   * @param document the spec, as it stands: it may hold mistakes
   */
  extended?(
    document: JsonObject,
    place: SpecPlace,
  ): Pick<Science, "fragments" | "neutral" | "ignored">;
  /**
   * The top-level block under which a module of the user's may have a block of settings of its own, and what
   * such a block is, as a sentence. Left out: there are none.
   */
  readonly moduleBlocks?: { readonly under: string; readonly description: string };
  /** What the program is for, as one sentence of its help. */
  readonly about: string;
  /** Metrics of a cell that people look at first, in order: progress shows them. */
  readonly headline: readonly string[];
  /** Metrics whose curves over the steps of training are drawn in a report, in order. */
  readonly curves: readonly string[];
  /** What `quickstart` runs: a spec of the package, by its path there, and a line for the help. */
  readonly quickstart: { readonly spec: string; readonly describe: string };
  /** The spec that `init` writes, and what it asks for it. */
  readonly starter: Starter;
  /**
   * The setting under `resources` that says how many last stages of cells share one GPU, with its
   * schema (a whole number with a default). Cells are many and small, so one cell rarely fills a
   * GPU.
   */
  readonly cellsPerCard: { readonly setting: string; readonly schema: JsonSchema };
  /** Writes out short forms: `data: small` becomes `data: {id: small}`. Keeps what it can't read. */
  expand(settings: JsonObject): JsonObject;
  /**
   * The settings with every relative path of a file or folder in them put through `move`; all else
   * stays, short forms and what it can't read too. A spec that extends a file of another folder needs
   * it. Left out: no setting names a file.
   */
  rebase?(settings: JsonObject, move: (path: string) => string): JsonObject;
  /** Settings (complete, defaults filled in) that this cell ignores. */
  ignored(settings: JsonObject): readonly Ignored[];
  /**
   * Settings that were added after results had been recorded: by dotted path, the neutral value, at
   * which a cell is what it was before the setting existed. A cell's id leaves a setting out that
   * has its neutral value, so that earlier results are still found. The neutral value is the
   * setting's default. A whole block may be listed too, with all its settings.
   */
  readonly neutral: { readonly [path: string]: Json };
  /**
   * Settings whose values may be texts or blocks, with the key of the block that names it: cells of
   * both kinds stand in one column of every view, a block under its name. Left out: there are none.
   */
  readonly blockNames?: { readonly [path: string]: string };
  /** Mistakes that the schema can't see: a data file that is missing, an unknown module. */
  check(settings: JsonObject, place: SpecPlace): readonly Finding[];
  /**
   * Mistakes that show only where code of the user's own runs, each at its place in that code. `validate`
   * asks, once for all kinds of cells; it may take seconds. Left out: there is no such code.
   *
   * @param environment gives variables of the installed toolchain; null where it is not installed. It takes
   *   its time, so it is asked only where there is such code
   */
  tried?(
    cells: readonly JsonObject[],
    place: SpecPlace,
    environment: () => Promise<{ readonly [name: string]: string } | null>,
  ): Promise<readonly Diagnostic[]>;
  /**
   * Programs of the user's own that a cell runs: `doctor` looks whether they could run here. Left out:
   * cells run none.
   */
  programs?(settings: JsonObject, place: SpecPlace): readonly UserProgram[];
  /**
   * Names of all metrics that the last stage of a cell may publish: a spec that compares or picks by
   * another one is refused. Left out: any name is taken.
   */
  metrics?(settings: JsonObject): readonly string[];
  /**
   * Settings of a cell by which a stage asks for several GPUs of one machine at once, or for so much memory of
   * one. Left out: there are none.
   */
  cards?(settings: JsonObject): readonly AskedCards[];
  /** The cell's last stage, holding all it needs; settings are normalised. */
  plan(settings: JsonObject, place: SpecPlace): StageRequest;
  /**
   * The class of a failure by the words of an error, or by the last lines that a process wrote before
   * it ended. Null: these words say nothing about another try. Left out: no words do.
   */
  classify?(words: string): FailureClass | null;
  /** A runner by name; undefined where there is none. */
  runner(name: string): Runner | undefined;
  /**
   * What a comparison needs to know about the science. If left out, differences are judged over
   * seeds alone.
   */
  readonly statistics?: ScienceStatistics;
  /** Python environments that its stages ask for, beside the engine's own parts of the toolchain. */
  readonly environments: readonly PythonPart[];
  /** What its stages fetch and a pack can carry to a machine without network. Left out: nothing. */
  readonly supplies?: readonly Supply[];
  /** What a report shows of the things that stages made. Left out: nothing but their numbers. */
  readonly exhibits?: FindExhibits;
  /** Commands of the science's own: the engine adds them to its own. */
  readonly commands: readonly ListedCommand[];
}

/** What a program is made of beside the engine. */
export interface ProgramParts {
  readonly science: Science;
  /** URL of the module that exports it as `science`, for worker processes. */
  readonly scienceModule: string;
}
