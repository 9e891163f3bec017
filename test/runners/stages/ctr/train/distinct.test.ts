import { describe, expect, it } from "vitest";
import { whole } from "../../../../../runners/stages/ctr/data/batch.js";
import { tf, type Tensor, type Variable } from "../../../../../runners/stages/ctr/tensorflow.js";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";
import { DistinctIds } from "../../../../../runners/stages/ctr/train/distinct.js";
import { epochSamples } from "../../../../../runners/stages/ctr/train/epoch-samples.js";
import { sliceRows } from "../../../../../runners/stages/ctr/train/slice-rows.js";

const { uniform } = random(3, "ids");
const draw = (length: number, below: number): Int32Array =>
  Int32Array.from({ length }, () => Math.floor(uniform() * below));

/** What the lists are, put plainly: ids in the order in which a batch has them. */
const plainly = (ids: Int32Array, batch: Int32Array): { list: number[]; places: number[] } => {
  const own = [...batch].map((row) => ids[row]!);
  const list = [...new Set(own)];
  const placeOf = new Map(list.map((id, place) => [id, place]));
  return { list, places: own.map((id) => placeOf.get(id)!) };
};

describe("the different users and items of each batch, as a step has them", () => {
  // Above 4096 samples a batch, places are sent in two arrays.
  it.each([
    { batchSize: 1, batches: 20, dtype: "int32" as const },
    { batchSize: 24, batches: 150, dtype: "float32" as const },
    { batchSize: 100, batches: 50, dtype: "int32" as const },
    { batchSize: 4096, batches: 2, dtype: "float32" as const },
    { batchSize: 4100, batches: 2, dtype: "float32" as const },
  ])("in $batches batches of $batchSize, rows as $dtype", ({ batchSize, batches, dtype }) => {
    const rows = 20_000;
    const users = batchSize;
    const items = 3 * batchSize;
    const ids = {
      interactionUser: draw(rows, users).map((id) => id + 1),
      interactionItem: draw(rows, items).map((id) => id + 1),
      users,
      items,
    };
    const replicas = 3;
    const samples = batches * batchSize + Math.floor(batchSize / 2);
    // The last one shares the order of the first, as cells of one seed do.
    const different = Array.from({ length: replicas - 1 }, () => draw(samples, rows));
    const orders = [...different, different[0]!];
    // About 0.63 of a batch's size are its users, and 0.85 its items.
    const room = {
      users: Math.ceil(0.66 * batchSize),
      items: Math.min(batchSize, Math.ceil(0.9 * batchSize)),
    };
    const layout = { batchSize, filled: false, floats: dtype === "float32", room };
    const found = epochSamples(orders, layout, ids);
    expect(found.distinct!.places.length).toBe(batchSize > 4096 ? 2 : 1);
    const variable = (values: Int32Array | Float32Array, shape: number[]): Variable =>
      tf.variable(tf.tensor(Float32Array.from(values), shape).cast(dtype), false);
    const columns = {
      user: variable(ids.interactionUser, [rows]),
      item: variable(ids.interactionItem, [rows]),
    };
    const order = variable(found.rows, [replicas, samples]);
    const distinct = new DistinctIds(columns, room, batchSize, replicas, samples);
    const { variables, values } = distinct.values(found.distinct!);
    variables.forEach((each, i) => each.assign(tf.tensor(values[i]!, each.shape) as never));
    const fitting: boolean[] = [];
    tf.tidy(() => {
      for (let batch = 0; batch < batches; batch++) {
        const begin = tf.tensor1d([0, batch * batchSize], "int32");
        const of = distinct.of(begin, whole(sliceRows(order, begin, [replicas, batchSize])));
        const read = (tensor: Tensor): number[][] => tensor.arraySync() as number[][];
        const sides = [
          { ids: ids.interactionUser, room: room.users, list: of.users, places: of.userPlaces },
          { ids: ids.interactionItem, room: room.items, list: of.items, places: of.itemPlaces },
        ];
        const expected = sides.map((side) =>
          orders.map((one) => {
            const from = batch * batchSize;
            return plainly(side.ids, one.subarray(from, from + batchSize));
          }),
        );
        const fits = sides.every((side, i) =>
          expected[i]!.every(({ list }) => list.length <= side.room),
        );
        fitting.push(fits);
        sides.forEach((side, i) => {
          const [lists, places] = [read(side.list), read(side.places)];
          expected[i]!.forEach((each, replica) => {
            if (fits) expect(places[replica]).toEqual(each.places);
            const known = Math.min(side.room, each.list.length);
            expect(lists[replica]!.slice(0, known)).toEqual(each.list.slice(0, known));
            expect(lists[replica]!.length).toBe(side.room);
          });
        });
      }
    });
    expect(found.distinct!.fits).toEqual(fitting);
    expect(fitting).toContain(true);
    distinct.dispose();
    for (const each of [columns.user, columns.item, order]) each.dispose();
  });
});
