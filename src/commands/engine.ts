import path from "node:path";
import { readdir, stat } from "node:fs/promises";
import { ExitCode, UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { namesOf, originOf } from "../cells/index.js";
import { write } from "../base/terminal.js";
import type { ArtifactKind, Engine, FoundArtifact } from "../contract/engine.js";
import type { Science } from "../contract/science.js";
import { artifactsIn, foundArtifact, Store, storeOf } from "../store/index.js";
import type { GlobalArguments } from "./experiment.js";
import { loadExperiment, configOf } from "./experiment.js";
import { cellsOfSpec } from "./spec-cells.js";
import { findCell, planOfCell, type KnownCell } from "./find-cell.js";

/** The engine as a command of the science's own sees it, under one call's options. */
export async function engineOf(args: GlobalArguments, science: Science): Promise<Engine> {
  const config = await configOf(args, args.file);
  const store = new Store(config.store.value);
  return {
    async plan({ file, overrides = [] }, only) {
      const cell = await namedCell(store, file, overrides, science);
      if (cell !== null) return planOfCell(cell);
      const { experiment, chosen } = await cellsOfSpec(file, { words: overrides }, science, only);
      const { FileHashes, makePlan, narrowPlan } = await import("../plan/index.js");
      const whole = await makePlan(experiment, science, new FileHashes(store.folder));
      const plan = narrowPlan(whole, chosen(whole.cells));
      const { readSweep, sweepFolder } = await import("../journal/index.js");
      const { state } = await readSweep(sweepFolder(store.folder, whole.sweep));
      return {
        ...plan,
        names: namesOf({ ...whole, resolved: experiment.resolved }),
        origin: state === null ? undefined : originOf(state),
      };
    },
    async make({ file, overrides }, stageOf, listener) {
      const experiment = await loadExperiment(file, science, overrides);
      const { FileHashes, makePlan } = await import("../plan/index.js");
      const { makeHere, workerEnvironment } = await import("../execute/index.js");
      const plan = await makePlan(
        experiment,
        { ...science, plan: stageOf },
        new FileHashes(store.folder),
      );
      Object.assign(process.env, workerEnvironment(config));
      const manifests = await makeHere(plan, store, listener);
      return manifests.map((manifest) => foundArtifact(store, manifest));
    },
    ...artifactsIn(store),
    find: (name, kind) => findArtifact(store, name, kind, science.expand),
    async toolchain(stages) {
      const { toolchainOf } = await import("../plan/index.js");
      return toolchainOf(
        [...stages.values()].map(({ record }) => record),
        science,
      );
    },
    async ready(parts) {
      const { ensure } = await import("../toolchain/index.js");
      const ready = await ensure(parts, science.environments, config, ({ text, transient }) => {
        if (!transient) void write(process.stderr, `${text}\n`);
      });
      if (!ready.ok) throw ready.error;
      Object.assign(process.env, ready.value.environment);
    },
  };
}

/** See {@link Engine.find}. A damaged artifact, or one of another kind, is an error. */
async function findArtifact(
  store: Store,
  name: string,
  kind: ArtifactKind,
  expand: Science["expand"],
): Promise<FoundArtifact> {
  const missing = new UserError(`there is no ${kind.word} ${name}`, {
    exitCode: ExitCode.usage,
    hint: kind.hint,
  });
  const folder = await folderOf(store, name, kind, expand);
  if (folder === null) throw missing;
  const fingerprint = path.basename(folder) as Fingerprint;
  const itsStore = storeOf(folder);
  if (itsStore.artifactFolder(fingerprint) !== folder) {
    throw new UserError(`${folder} is in no store, so that nobody can say whether it is whole`, {
      exitCode: ExitCode.usage,
      hint: `give a folder STORE/artifacts/XX/FINGERPRINT, or a fingerprint; ${kind.hint}`,
    });
  }
  const { manifest } = await itsStore.open(fingerprint, `${kind.word} ${name}`, missing);
  if (manifest.runner !== kind.runner) {
    throw new UserError(`${name} is a ${manifest.runner} stage, not a ${kind.word}`);
  }
  return { folder, facts: manifest };
}

async function folderOf(
  store: Store,
  name: string,
  kind: ArtifactKind,
  expand: Science["expand"],
): Promise<string | null> {
  const direct = path.resolve(name);
  const isFolder = await stat(path.join(direct, kind.file)).then(
    () => true,
    () => false,
  );
  if (isFolder) return direct;
  const cell = kind.ofCells === true ? await findCell(store.folder, name, expand) : null;
  if (cell !== null) await sayCell(cell);
  const isDigits = /^[0-9a-f]{6,64}$/.test(name);
  const fingerprint = cell?.cell.stage ?? (isDigits ? await stageBeginning(store, name) : null);
  return fingerprint === null ? null : store.artifactFolder(fingerprint);
}

/**
 * The cell that the words of a call name in place of a spec; null where the first names a file, or
 * nothing that a journal knows.
 */
async function namedCell(
  store: Store,
  word: string,
  others: readonly string[],
  science: Science,
): Promise<KnownCell | null> {
  const info = await stat(word).catch(() => null);
  if (info !== null || word.endsWith(".yaml")) return null;
  const cell = await findCell(store.folder, [word, ...others].join(" "), science.expand);
  if (cell !== null) await sayCell(cell);
  return cell;
}

/** Says which cell a word meant. */
const sayCell = ({ names, cell, state }: KnownCell): Promise<void> =>
  write(process.stderr, `cell: ${names.cell(cell.id)} (${cell.id}) of ${state.experiment}\n`);

async function stageBeginning(store: Store, beginning: string): Promise<Fingerprint | null> {
  const parent = path.join(store.folder, "artifacts", beginning.slice(0, 2));
  const names = await readdir(parent).catch(() => []);
  const found = names.filter((name) => name.startsWith(beginning));
  if (found.length > 1) throw ambiguous(beginning, found);
  return (found[0] as Fingerprint | undefined) ?? null;
}

const ambiguous = (name: string, found: readonly string[]): UserError =>
  new UserError(`${name} could be any of ${found.slice(0, 5).join(", ")}`);
