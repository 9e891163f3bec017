import path from "node:path";
import { readdir, stat } from "node:fs/promises";
import { ExitCode, UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import { namesOf } from "../cells/index.js";
import { write } from "../base/terminal.js";
import type { ArtifactKind, ArtifactState, Engine, FoundArtifact } from "../contract/engine.js";
import type { Science } from "../contract/science.js";
import type { Manifest } from "../store/index.js";
import { Store } from "../store/index.js";
import type { GlobalArguments } from "./experiment.js";
import { loadExperiment, configOf } from "./experiment.js";

/** The engine as a command of the science's own sees it, under one call's options. */
export async function engineOf(args: GlobalArguments, science: Science): Promise<Engine> {
  const config = await configOf(args, args.file);
  const store = new Store(config.store.value);
  return {
    async plan({ file, overrides }, only) {
      const experiment = await loadExperiment(file, science, overrides);
      const { FileHashes, makePlan, narrowPlan, parseSelector } = await import("../plan/index.js");
      const whole = await makePlan(experiment, science, new FileHashes(store.folder));
      const plan =
        only === undefined
          ? whole
          : narrowPlan(whole, parseSelector(only, whole.cells, science.expand));
      return { ...plan, names: namesOf({ ...whole, resolved: experiment.resolved }) };
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
    async inspect(fingerprint): Promise<ArtifactState> {
      const seen = await store.inspect(fingerprint);
      switch (seen.state) {
        case "sound":
          return { state: "made", artifact: foundArtifact(store, seen.manifest) };
        case "absent":
          return { state: "missing" };
        case "damaged":
          return { state: "damaged", reason: seen.reason };
      }
    },
    find: (name, kind) => findArtifact(store, name, kind),
    async inputOf({ folder, facts }, input) {
      const fingerprint = facts.inputs[input];
      if (fingerprint === undefined) return null;
      const word = `the input ${input} of ${facts.label}`;
      return (await storeOf(folder).open(fingerprint, word)).folder;
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

const foundArtifact = (store: Store, manifest: Manifest): FoundArtifact => ({
  folder: store.artifactFolder(manifest.fingerprint),
  facts: manifest,
});

/** The store that an artifact's folder is part of. */
const storeOf = (folder: string): Store =>
  new Store(path.resolve(path.dirname(folder), "..", ".."));

/** See {@link Engine.find}. A damaged artifact, or one of another kind, is an error. */
async function findArtifact(
  store: Store,
  name: string,
  kind: ArtifactKind,
): Promise<FoundArtifact> {
  const missing = new UserError(`there is no ${kind.word} ${name}`, {
    exitCode: ExitCode.usage,
    hint: kind.hint,
  });
  const folder = await folderOf(store, name, kind);
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

async function folderOf(store: Store, name: string, kind: ArtifactKind): Promise<string | null> {
  const direct = path.resolve(name);
  const isFolder = await stat(path.join(direct, kind.file)).then(
    () => true,
    () => false,
  );
  if (isFolder) return direct;
  if (!/^[0-9a-f]{6,64}$/.test(name)) return null;
  const ofCell = kind.ofCells === true ? await stageOfCell(store, name) : null;
  const fingerprint = ofCell ?? (await stageBeginning(store, name));
  return fingerprint === null ? null : store.artifactFolder(fingerprint);
}

/** The last stage of a cell, by the cell's id or the beginning of it, out of the journals. */
async function stageOfCell(store: Store, id: string): Promise<Fingerprint | null> {
  if (id.length > 16) return null;
  const { listSweeps, readSweep } = await import("../journal/index.js");
  for (const { folder } of await listSweeps(store.folder)) {
    const { state } = await readSweep(folder);
    const found = state?.cells.filter((cell) => cell.id.startsWith(id)) ?? [];
    if (found.length > 1) {
      throw ambiguous(
        id,
        found.map((cell) => cell.id),
      );
    }
    if (found.length === 1) return found[0]!.stage;
  }
  return null;
}

async function stageBeginning(store: Store, beginning: string): Promise<Fingerprint | null> {
  const parent = path.join(store.folder, "artifacts", beginning.slice(0, 2));
  const names = await readdir(parent).catch(() => []);
  const found = names.filter((name) => name.startsWith(beginning));
  if (found.length > 1) throw ambiguous(beginning, found);
  return (found[0] as Fingerprint | undefined) ?? null;
}

const ambiguous = (name: string, found: readonly string[]): UserError =>
  new UserError(`${name} could be any of ${found.slice(0, 5).join(", ")}`);
