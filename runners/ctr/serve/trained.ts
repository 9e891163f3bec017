import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ExitCode, UserError } from "../../../src/exit.js";
import type { Fingerprint } from "../../../src/fingerprint.js";
import { listSweeps, readSweep } from "../../../src/journal/index.js";
import { Store, type Manifest } from "../../../src/store/index.js";
import { decodeSafetensors, type NamedTensor } from "../../safetensors.js";
import type { Model } from "../model.js";
import type { ModelFile } from "../train/publish.js";

/** A trained cell, read from its artifact. */
export interface TrainedCell {
  readonly model: ModelFile;
  /** By parameter name; state variables under `state/`. */
  readonly weights: ReadonlyMap<string, NamedTensor>;
  /** Folders of the artifacts it was trained from. */
  readonly dataset: string;
  readonly embed: string | null;
}

/**
 * Finds a trained cell: by the id that `plan` and `compare` show, by its stage's fingerprint or the
 * beginning of one, or by its artifact's folder. Throws a UserError where there is none.
 */
export async function openTrained(store: Store, name: string): Promise<TrainedCell> {
  const folder = await folderOf(store, name);
  const seen = await new Store(resolve(dirname(folder), "..", "..")).inspect(
    folder.slice(-64) as Fingerprint,
  );
  if (seen.state === "absent") throw missing(name);
  if (seen.state === "damaged") {
    throw new UserError(`the artifact in ${folder} is damaged: ${seen.reason}`, {
      exitCode: ExitCode.environment,
      hint: "run its sweep again: it makes the artifact anew",
    });
  }
  const { manifest } = seen;
  if (manifest.runner !== "ctr")
    throw new UserError(`${name} is a ${manifest.runner} stage, not a cell's`);
  const decoded = decodeSafetensors(await readFile(join(folder, "weights.safetensors")));
  if (!decoded.ok) throw new UserError(`weights.safetensors in ${folder} ${decoded.error}`);
  return {
    model: JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as ModelFile,
    weights: decoded.value.tensors,
    dataset: inputFolder(folder, manifest, "dataset")!,
    embed: inputFolder(folder, manifest, "embed"),
  };
}

/** Puts a trained cell's weights into a model of one replica. */
export function loadWeights(
  model: Model,
  weights: TrainedCell["weights"],
): [string, NamedTensor][] {
  const names = [
    ...model.parameters.map(({ name }) => name),
    ...model.state.map(({ name }) => `state/${name}`),
  ];
  return names.map((name) => {
    const tensor = weights.get(name);
    if (tensor === undefined) throw new UserError(`the weights lack ${name}`);
    return [name, tensor];
  });
}

function inputFolder(folder: string, manifest: Manifest, input: string): string | null {
  const fingerprint = manifest.inputs[input];
  if (fingerprint === undefined) return null;
  return new Store(resolve(dirname(folder), "..", "..")).artifactFolder(fingerprint);
}

async function folderOf(store: Store, name: string): Promise<string> {
  const direct = resolve(name);
  const isFolder = await stat(join(direct, "model.json")).then(
    () => true,
    () => false,
  );
  if (isFolder) return direct;
  if (!/^[0-9a-f]{6,64}$/.test(name)) throw missing(name);
  const fingerprint = (await stageOfCell(store, name)) ?? (await stageBeginning(store, name));
  if (fingerprint === null) throw missing(name);
  return store.artifactFolder(fingerprint as Fingerprint);
}

/** The stage of a cell by the cell's id or its beginning, out of the store's journals. */
async function stageOfCell(store: Store, id: string): Promise<string | null> {
  if (id.length > 16) return null;
  for (const { folder } of await listSweeps(store.folder)) {
    const { state } = await readSweep(folder);
    const found = state?.cells.filter((cell) => cell.id.startsWith(id)) ?? [];
    if (found.length > 1)
      throw ambiguous(
        id,
        found.map((cell) => cell.id),
      );
    if (found.length === 1) return found[0]!.stage;
  }
  return null;
}

async function stageBeginning(store: Store, beginning: string): Promise<string | null> {
  const parent = join(store.folder, "artifacts", beginning.slice(0, 2));
  const names = await readdir(parent).catch(() => []);
  const found = names.filter((name) => name.startsWith(beginning));
  if (found.length > 1) throw ambiguous(beginning, found);
  return found[0] ?? null;
}

const missing = (name: string): UserError =>
  new UserError(`there is no trained cell ${name}`, {
    exitCode: ExitCode.usage,
    hint: "give a cell's id or its stage's fingerprint (r4ec plan FILE --json shows both), or an artifact's folder",
  });

const ambiguous = (name: string, found: readonly string[]): UserError =>
  new UserError(`${name} could be any of ${found.slice(0, 5).join(", ")}`);
