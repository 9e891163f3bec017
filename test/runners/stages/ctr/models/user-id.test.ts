import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { batchOf, difference, score, smallShape, step, trainedModel, variants } from "./models.js";

const example = fileURLToPath(new URL("../../../../../docs/examples/nfm.mjs", import.meta.url));
const all = [...variants, { name: "a module of the user's own", backbone: example, options: {} }];
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "users-"));
});
afterAll(() => rm(scratch, { recursive: true }));

describe("the embedding of the user's id", () => {
  const cases = all.flatMap((one) =>
    [null, "hea" as const].map((adaptor) => ({ ...one, adaptor })),
  );

  it.each(cases)("is a field that learns: $name, $adaptor", ({ backbone, options, adaptor }) => {
    const shape = smallShape(backbone, adaptor, { options, users: 9 });
    const seeds = [4, 5];
    const model = buildModel(shape, seeds);
    const batch = batchOf(shape, 32, seeds);
    const together = step(model, batch);
    const names = model.parameters.map(({ name }) => name);
    expect([...together.gradients.keys()].sort()).toEqual([...names].sort());
    const ofUsers = model.parameters.filter((one) => one.ofUsers).map(({ name }) => name);
    const first = backbone === "deepfm" ? ["first_order.user"] : [];
    expect(ofUsers).toEqual(["user_embedding", ...first]);
    for (const name of ofUsers) {
      expect(Math.max(...together.gradients.get(name)!.map(Math.abs))).toBeGreaterThan(0);
    }
    seeds.forEach((seed, replica) => {
      const single = buildModel(shape, [seed]);
      const alone = step(single, batchOf(shape, 32, [seed]));
      const mine = together.logits.subarray(replica * 32, (replica + 1) * 32);
      expect(difference(mine, alone.logits)).toBeLessThan(1e-5);
      single.dispose();
    });
    model.dispose();
  });

  it.each(all)("alone tells two users apart: $name", ({ backbone, options }) => {
    const shape = smallShape(backbone, null, { options, users: 9 });
    const model = trainedModel(shape, [3]);
    const batch = batchOf(shape, 16, [7]);
    const as = (user: number): Float32Array =>
      score(model, { ...batch, user: tf.fill([1, 16], user, "int32") });
    expect(difference(as(2), as(1))).toBeGreaterThan(1e-4);
    expect(as(1)).toEqual(as(1));
    model.dispose();
  });

  it.each(all)("is not there where it is off: $name", ({ backbone, options }) => {
    const model = buildModel(smallShape(backbone, null, { options }), [1]);
    expect(model.parameters.filter(({ name, ofUsers }) => ofUsers || /user/.test(name))).toEqual(
      [],
    );
    model.dispose();
  });

  it("is refused by a backbone that would leave it out", async () => {
    const file = path.join(scratch, "blind.mjs");
    const text = `export default { id: "blind", description: "d", options: {},
      build: (kit) => { const head = kit.head(kit.widths.target); return (s) => head(s.target); } };`;
    await writeFile(file, text);
    const blind = (users: { users?: number }): unknown => {
      const shape = { ...smallShape("din", null), backbone: file, ...users };
      const model = buildModel(shape, [1]);
      try {
        return score(model, batchOf(shape, 4, [1]));
      } finally {
        model.dispose();
      }
    };
    expect(() => blind({ users: 9 })).toThrow("blind reads neither sample.user nor sample.userId");
    expect(() => blind({})).not.toThrow();
  });

  it("has a sample's user and the number of users for a module of the user's own", async () => {
    const file = path.join(scratch, "seeing.mjs");
    const text = `export default { id: "seeing", description: "d", options: {},
      build(kit, shape) {
        const own = kit.embedding("own", shape.users + 1, 3);
        const head = kit.head(kit.widths.user + 3);
        return (s) => head(kit.concat([s.user, own.vector(s.userId)]));
      } };`;
    await writeFile(file, text);
    const shape = { ...smallShape("din", null), backbone: file, users: 9 };
    const model = buildModel(shape, [1]);
    const sizes = Object.fromEntries(
      model.parameters.map(({ name, variable }) => [name, variable.shape.slice(1)]),
    );
    expect(sizes["own"]).toEqual([10, 3]);
    expect(sizes["final.dense_0.kernel"]).toEqual([shape.embeddingDim + 3, 12]);
    expect(Number.isFinite(step(model, batchOf(shape, 8, [1])).losses[0])).toBe(true);
    model.dispose();
  });
});
