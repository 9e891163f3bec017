import type { ArgumentsCamelCase, Argv } from "yargs";
import type { CellId, Fingerprint, SweepId } from "../base/fingerprint.js";
import type { JsonObject } from "../base/json.js";
import type { CellRecord, Names, StageRecord } from "./records.js";
import type { StageRequest, Surroundings, ToolchainPart } from "./runner.js";
import type { SpecPlace } from "./spec-place.js";

/** What the engine knows about an artifact: its stage and its results. */
export type ArtifactFacts = Omit<StageRecord, "files"> & {
  readonly metrics: { readonly [name: string]: number };
  readonly marks: { readonly [name: string]: string };
  /** When it was made, ISO 8601, and the seconds that it took. */
  readonly created: string;
  readonly seconds: number;
  /** What it ran in; left out: an older r4ec made it. */
  readonly surroundings?: Surroundings;
};

/** An artifact whose files have been checked and are complete. */
export interface FoundArtifact {
  readonly folder: string;
  readonly facts: ArtifactFacts;
}

/**
 * What the store has for a fingerprint. `damaged`: the files are not those that the manifest lists.
 */
export type ArtifactState =
  | { readonly state: "made"; readonly artifact: FoundArtifact }
  | { readonly state: "missing" }
  | { readonly state: "damaged"; readonly reason: string };

/** What a command looks for among the artifacts. */
export interface ArtifactKind {
  /** Name of the runner that makes it. */
  readonly runner: string;
  /** A file that its folder holds: it tells an artifact's folder from any other. */
  readonly file: string;
  /** What people call it: `trained cell`. */
  readonly word: string;
  /** What a user may give as its name; used in the error message. */
  readonly hint: string;
  /** True where the id of a cell whose last stage it is names it too. */
  readonly ofCells?: boolean;
}

/** A sweep as it would run: its cells and all stages behind them. */
export interface SweepPlan {
  readonly cells: readonly CellRecord[];
  /** The names of cells and stages that every view uses, also if `only` leaves some cells out. */
  readonly names: Names;
  /** Left out: no sweep has run it yet. */
  readonly origin?: SweepOrigin | undefined;
  /** Every stage once, in an order in which a stage comes after all stages that it needs. */
  readonly stages: ReadonlyMap<
    Fingerprint,
    {
      readonly record: StageRecord;
      /** Fingerprints of its input stages, each once. */
      readonly needs: readonly Fingerprint[];
      /** Cells whose last stage it is. */
      readonly cells: readonly CellId[];
    }
  >;
}

/** The sweep that made a plan's stages, as its journal tells it. */
export interface SweepOrigin {
  readonly sweep: SweepId;
  readonly experiment: string;
  /** The spec's file as the user gave it. */
  readonly specFile: string;
  readonly codeVersion: string;
  /** The commit of the spec's project; null outside of git. */
  readonly gitCommit: string | null;
  readonly host: string;
  /** When its last run began, ISO 8601. */
  readonly started: string;
  /** What stages told about themselves: versions, programs, counts. */
  readonly facts: ReadonlyMap<Fingerprint, { readonly [name: string]: string | number }>;
}

/** A Python environment that stages run in, by what decides its contents. */
export interface StageEnvironment {
  readonly part: ToolchainPart;
  /** `lab-1.0`: name and version of what is in it. */
  readonly name: string;
  /** Texts of the lists of requirements, by file name. */
  readonly lists: { readonly [file: string]: string };
}

/** What stages need of the toolchain. */
export interface StageToolchain {
  /** Parts, each once, sorted. */
  readonly parts: readonly ToolchainPart[];
  readonly environments: readonly StageEnvironment[];
}

/** A spec as a call gives it, or a cell that a sweep has run. */
export interface GivenSpec {
  readonly file: string;
  /**
   * Words behind the spec: settings in place of its own (`PATH=VALUE`, or `~PATH`). Of a plan, a setting of
   * an axis, and the name or the id of a cell, pick cells of it.
   */
  readonly overrides?: readonly string[] | undefined;
}

/** Receives the stages that a command has made. */
export interface MakeListener {
  note(severity: "warning" | "info", message: string): void;
  progress(label: string, done: number, total: number): void;
}

/**
 * What the engine offers to the science's own commands. Every method throws a UserError for a
 * mistake that the user can correct.
 */
export interface Engine {
  /** Reads a spec and plans it; `only` narrows it to some cells, as `--only` does for a sweep. */
  plan(spec: GivenSpec, only?: readonly string[]): Promise<SweepPlan>;
  /**
   * The artifacts of one stage of each cell of a spec, each once, made in this process where the
   * store lacks them. The stage may have no inputs and may need no part of the toolchain.
   *
   * @param stageOf the stage of a cell's settings
   */
  make(
    spec: GivenSpec,
    stageOf: (settings: JsonObject, place: SpecPlace) => StageRequest,
    listener: MakeListener,
  ): Promise<readonly FoundArtifact[]>;
  /** What the store has for a fingerprint. */
  inspect(fingerprint: Fingerprint): Promise<ArtifactState>;
  /**
   * Finds an artifact by its folder (of any store), by its stage's fingerprint or the beginning of
   * one, or by the id of a cell.
   */
  find(name: string, kind: ArtifactKind): Promise<FoundArtifact>;
  /**
   * Folder of an artifact's input by the input's name, its files found whole; null where it has none
   * of that name.
   */
  inputOf(artifact: FoundArtifact, input: string): Promise<string | null>;
  /** What stages need of the toolchain, with the present contents of its environments. */
  toolchain(stages: SweepPlan["stages"]): Promise<StageToolchain>;
  /**
   * Installs parts of the toolchain where they are missing, tells about it on stderr, and sets this
   * process's environment for them.
   */
  ready(parts: readonly ToolchainPart[]): Promise<void>;
}

/** A command of the science's own. */
export interface ScienceCommand<Arguments = object> {
  /** At least one, for its help. */
  readonly examples: readonly Example[];
  /** Name and positional arguments in yargs' form: `score <cell> [samples]`. */
  readonly command: string;
  /** A line for the help. */
  readonly describe: string;
  /** Adds options and positional arguments. */
  readonly builder: (yargs: Argv) => Argv<Arguments>;
  run(args: ArgumentsCamelCase<Arguments>, engine: Engine): Promise<void>;
}

/** A command in a list of commands: what its arguments are is known only inside. */
export interface ListedCommand {
  /** Name and positional arguments in yargs' form; several where it has other names too. */
  readonly usages: readonly string[];
  /** At least one, for its help. */
  readonly examples: readonly Example[];
  /** Adds it to a command line; `engine` opens the engine under the options of the call. */
  addTo(yargs: Argv, engine: () => Promise<Engine>): Argv;
}

/** A call of a command without the program's name, and what it does, for the command's help. */
export type Example = readonly [call: string, meaning: string];

/** Adds examples to the help of a command. */
export const withExamples = <T>(yargs: Argv<T>, examples: readonly Example[]): Argv<T> =>
  examples.reduce((help, [call, meaning]) => help.example(`$0 ${call}`, meaning), yargs);

/** A command of the science as a member of a list of commands. */
export const listed = <Arguments>(command: ScienceCommand<Arguments>): ListedCommand => ({
  usages: [command.command],
  examples: command.examples,
  addTo: (yargs, engine) =>
    yargs.command(
      command.command,
      command.describe,
      (of) => withExamples(command.builder(of), command.examples),
      async (args) => command.run(args, await engine()),
    ),
});
