import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../../src/base/exit.js";
import { listSweeps, readSweep } from "../../../../src/journal/index.js";
import type { Store } from "../../../../src/store/index.js";
import { decodeSafetensors, type NamedTensor } from "../../../base/files/safetensors.js";
import type { Model } from "../model.js";
import type { ModelFile } from "../train/publish.js";
import { ambiguous, findArtifact, inputFolder } from "./artifact.js";

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
  const found = await findArtifact(store, name, {
    runner: "ctr",
    file: "model.json",
    word: "trained cell",
    hint: "give a cell's id or its stage's fingerprint (r4ec plan FILE --json shows both), or an artifact's folder",
    alias: stageOfCell,
  });
  const { folder } = found;
  const decoded = decodeSafetensors(await readFile(join(folder, "weights.safetensors")));
  if (!decoded.ok) throw new UserError(`weights.safetensors in ${folder} ${decoded.error}`);
  return {
    model: JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as ModelFile,
    weights: decoded.value.tensors,
    dataset: inputFolder(found, "dataset")!,
    embed: inputFolder(found, "embed"),
  };
}

/**
 * Folder of a data set's artifact, by that folder or by its stage's fingerprint or the beginning of
 * one. Throws a UserError where there is none.
 */
export async function openDataset(store: Store, name: string): Promise<string> {
  const { folder } = await findArtifact(store, name, {
    runner: "dataset",
    file: "dataset.json",
    word: "prepared data set",
    hint: "give its stage's fingerprint (r4ec plan FILE --json shows it), or its artifact's folder",
  });
  return folder;
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
