import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backbones } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { batchOf } from "../../../../../runners/stages/ctr/data/batch.js";
import { makeColumns, type Columns } from "../../../../../runners/stages/ctr/data/columns.js";
import { positionsOf } from "../../../../../runners/stages/ctr/data/interactions.js";
import { loadCtrData, shapeOf, type CtrData } from "../../../../../runners/stages/ctr/data/load.js";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { adapted } from "../../../../../runners/stages/ctr/knowledge.js";
import type { Model, Present } from "../../../../../runners/stages/ctr/model.js";
import { allRewrites } from "../../../../../runners/stages/ctr/rewrites/index.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import { crossEntropy } from "../../../../../runners/stages/ctr/toolkit/loss.js";
import type { Distinct } from "../../../../../runners/stages/ctr/train/distinct.js";
import { lossInPieces } from "../../../../../runners/stages/ctr/train/piece.js";
import { difference } from "../models/models.js";
import { small, writeDataset, writeKnowledge } from "./dataset.js";
import { Scratch, stageOf } from "./task.js";

const scratch = new Scratch();
const folders = { dataset: join(scratch.path, "dataset"), embed: join(scratch.path, "embed") };
const { params } = stageOf({ backbone: "din", knowledge: true });
let data: CtrData;
let columns: Columns;

beforeAll(async () => {
  await writeDataset(folders.dataset, small);
  await writeKnowledge(folders.embed, small, 16);
  data = await loadCtrData(folders, params);
  columns = makeColumns(
    cpu,
    { ...data.dataset, position: positionsOf(data.dataset) },
    data.knowledge,
  );
});
afterAll(async () => {
  columns.dispose();
  await scratch.remove();
});

/** Two replicas' samples of a batch. */
const rowsOf = (samples: number): Int32Array[] =>
  [0, 1].map((replica) => data.train.slice(replica * 7, replica * 7 + samples));

/** The mean loss of each replica, [R], in the way that training computes it. */
function asTrained(
  model: Model,
  rows: readonly Int32Array[],
  distinct: boolean,
  present: Present | null = null,
): Tensor {
  return lossInPieces(model, columns, tensorOf(rows), {
    fullHistory: data.fullHistory,
    pieces: 2,
    distinct: distinct ? distinctOf(rows) : null,
    present,
    noise: undefined,
  }).loss;
}

/** The same by the model alone: the adaptor on each sample's own vectors, the batch in one piece. */
function plainly(model: Model, rows: readonly Int32Array[]): Tensor {
  const all = tensorOf(rows);
  const vectors = {
    user: tf.gather(columns.userKnowledge!, tf.gather(columns.user, all as never) as never),
    item: tf.gather(columns.itemKnowledge!, tf.gather(columns.item, all as never) as never),
  };
  const knowledge = adapted(model, vectors);
  const { batch, label } = batchOf(columns, all, model.shape, data.fullHistory, knowledge);
  return crossEntropy(model.forward(batch, { training: true }).logits, label);
}

const tensorOf = (rows: readonly Int32Array[]): Tensor =>
  tf.tensor2d(
    rows.map((each) => [...each]),
    undefined,
    "int32",
  );

function distinctOf(rows: readonly Int32Array[]): Distinct {
  const room = rows[0]!.length;
  const once = (ids: Int32Array): [Tensor, Tensor] => {
    const lists = rows.map((each) => [...new Set([...each].map((row) => ids[row]!))]);
    const places = rows.map((each, r) => [...each].map((row) => lists[r]!.indexOf(ids[row]!)));
    const filled = lists.map((list) => Array.from({ length: room }, (_, i) => list[i] ?? 0));
    return [tf.tensor2d(filled, undefined, "int32"), tf.tensor2d(places, undefined, "int32")];
  };
  const [users, userPlaces] = once(data.dataset.interactionUser);
  const [items, itemPlaces] = once(data.dataset.interactionItem);
  return { users, userPlaces, items, itemPlaces };
}

/** Gradients by parameter name; a parameter without one has none. */
function gradientsOf(model: Model, loss: () => Tensor): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  tf.tidy(() => {
    const variables = model.parameters.map(({ variable }) => variable);
    const { grads } = tf.variableGrads(() => tf.sum(loss()) as never, variables);
    for (const { name, variable } of model.parameters) {
      const gradient = grads[variable.name];
      if (gradient != null) found.set(name, gradient.dataSync() as Float32Array);
    }
  });
  return found;
}

/** The loss with the parameters named moved by so much. */
function lossAt(
  model: Model,
  loss: () => Tensor,
  move: ReadonlyMap<string, readonly number[]>,
): number {
  return tf.tidy(() => {
    const before = model.parameters.map(({ variable }) => variable.clone());
    for (const { name, variable } of model.parameters) {
      const by = move.get(name);
      if (by !== undefined)
        variable.assign(tf.add(variable, tf.tensor([...by], variable.shape)) as never);
    }
    const value = tf.sum(loss()).dataSync()[0]!;
    model.parameters.forEach(({ variable }, i) => variable.assign(before[i] as never));
    return value;
  });
}

const settingsOf = (
  backbone: string,
  width: number,
  type: "hea" | "mlp",
  id: boolean,
): typeof params => ({
  ...params,
  backbone,
  options: {},
  embedding_dim: width,
  user_id: id,
  mlp: [12, 6],
  adaptor: { type, shared_experts: 2, specific_experts: 2, layers: [10, 8] },
});

const cases = Object.keys(backbones).flatMap((backbone) =>
  [8, 6].flatMap((width) =>
    (["hea", "mlp"] as const).flatMap((type) =>
      [false, true].map((id) => ({ backbone, width, type, id })),
    ),
  ),
);

describe("with knowledge of users and items, a training step has the plain gradients:", () => {
  it.each(cases)(
    "$backbone, embedding of $width, adaptor $type of 8, user id $id",
    ({ backbone, width, type, id }) => {
      const shape = shapeOf(settingsOf(backbone, width, type, id), data, undefined);
      const [cheap, plain] = [allRewrites, new Set<never>()].map((rewrites) =>
        buildModel(shape, [1, 2], cpu, rewrites),
      ) as [Model, Model];
      const rows = rowsOf(64);
      const expected = gradientsOf(plain, () => plainly(plain, rows));
      expect([...expected.keys()]).toEqual(plain.parameters.map(({ name }) => name));
      for (const distinct of [false, true]) {
        const found = gradientsOf(cheap, () => asTrained(cheap, rows, distinct));
        expect([...found.keys()]).toEqual([...expected.keys()]);
        for (const [name, gradient] of expected) {
          // Sums come in another order: float32 keeps 7 digits.
          const error = difference(found.get(name)!, gradient);
          expect({ name, ok: error < 2e-4 || error }).toEqual({ name, ok: true });
        }
      }
      cheap.dispose();
      plain.dispose();
    },
  );

  it.each(Object.keys(backbones))("also where a batch is filled up: %s", (backbone) => {
    const shape = shapeOf(settingsOf(backbone, 6, "hea", false), data, undefined);
    const model = buildModel(shape, [1, 2], cpu);
    const rows = rowsOf(40);
    // Two pieces of 32: one is whole, the other has 8 samples that count.
    const filled = rows.map((of) => Int32Array.from({ length: 64 }, (_, i) => of[i] ?? of[0]!));
    const mask = Float32Array.from({ length: 64 }, (_, i) => Number(i < 40));
    const expected = gradientsOf(model, () => asTrained(model, rows, true));
    const found = gradientsOf(model, () => {
      const present = { mask: tf.tensor2d(mask, [1, 64]), count: tf.scalar(40) };
      return asTrained(model, filled, true, present);
    });
    for (const [name, gradient] of expected) {
      const error = difference(found.get(name)!, gradient);
      expect({ name, ok: error < 2e-4 || error }).toEqual({ name, ok: true });
    }
    model.dispose();
  });

  it.each(Object.keys(backbones))("which is the slope of the loss: %s", (backbone) => {
    for (const type of ["hea", "mlp"] as const) {
      const model = buildModel(
        shapeOf(settingsOf(backbone, 6, type, false), data, undefined),
        [1, 2],
        cpu,
      );
      const rows = rowsOf(64);
      const loss = (): Tensor => asTrained(model, rows, true);
      const gradients = [...gradientsOf(model, loss)].filter(([name]) =>
        name.startsWith("adaptor."),
      );
      const norm = Math.hypot(...gradients.flatMap(([, gradient]) => [...gradient]));
      const step = 0.01;
      const moved = (by: number): number =>
        lossAt(
          model,
          loss,
          new Map(gradients.map(([name, g]) => [name, [...g].map((x) => (by * x) / norm)])),
        );
      const slope = (moved(step) - moved(-step)) / (2 * step);
      // The step is finite: curvature and ReLU's kinks move the slope by some hundredths.
      expect(Math.abs(slope / norm - 1)).toBeLessThan(0.05);
      model.dispose();
    }
  });
});
