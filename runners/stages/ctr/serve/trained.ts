import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../../src/base/exit.js";
import type { Engine } from "../../../../src/contract/engine.js";
import { decodeSafetensors, type NamedTensor } from "../../../base/files/safetensors.js";
import type { Model } from "../model.js";
import type { ModelFile } from "../train/publish.js";

/** A trained cell, read from its artifact. */
export interface TrainedCell {
  readonly model: ModelFile;
  /** By parameter name; state variables under `state/`. */
  readonly weights: ReadonlyMap<string, NamedTensor>;
  /** Folders of the artifacts it was trained from. */
  readonly dataset: string;
  /** What splits the data set where it is not split by time. */
  readonly split?: string;
  readonly embed: string | null;
}

/**
 * Finds a trained cell: by the id that `plan` and `compare` show, by its stage's fingerprint or the
 * beginning of one, or by its artifact's folder. Throws a UserError where there is none.
 */
export async function openTrained(engine: Engine, name: string): Promise<TrainedCell> {
  const found = await engine.find(name, {
    runner: "ctr",
    file: "model.json",
    word: "trained cell",
    hint: "give settings (backbone=din seed=1), a cell's name, id or stage's fingerprint (r4ec plan FILE --json shows them), or an artifact's folder",
    ofCells: true,
  });
  const { folder } = found;
  const split = await engine.inputOf(found, "split");
  const decoded = decodeSafetensors(await readFile(join(folder, "weights.safetensors")));
  if (!decoded.ok) throw new UserError(`weights.safetensors in ${folder} ${decoded.error}`);
  return {
    model: JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as ModelFile,
    weights: decoded.value.tensors,
    dataset: (await engine.inputOf(found, "dataset"))!,
    ...(split === null ? {} : { split }),
    embed: await engine.inputOf(found, "embed"),
  };
}

/**
 * Folder of a data set's artifact, by that folder or by its stage's fingerprint or the beginning of
 * one. Throws a UserError where there is none.
 */
export async function openDataset(engine: Engine, name: string): Promise<string> {
  const { folder } = await engine.find(name, {
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
