import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backbones, loadBackbone } from "../../../../../runners/stages/ctr/backbones/index.js";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import {
  batchOf,
  difference,
  score,
  sliceBatch,
  smallShape,
  step,
  trainedModel,
  forward,
} from "./models.js";

const example = fileURLToPath(new URL("../../../../../docs/examples/nfm.mjs", import.meta.url));
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "backbone-"));
});
afterAll(() => rm(scratch, { recursive: true }));

const moduleOf = async (name: string, text: string): Promise<string> => {
  const file = path.join(scratch, name);
  await writeFile(file, text);
  return file;
};
const errorOf = (idOrPath: string): string => {
  const result = loadBackbone(idOrPath);
  return result.ok ? "" : result.error;
};

describe("a backbone from a module of the user's own", () => {
  it("loads, by the example of the guide", () => {
    const result = loadBackbone(example);
    expect(result.ok && result.value.id).toBe("nfm");
  });

  it.each([null, "hea"] as const)("trains and scores as any other, adaptor %s", (adaptor) => {
    const shape = smallShape(example, adaptor);
    const model = trainedModel(shape, [1, 2], 0);
    const batch = batchOf(shape, 32, [4, 5]);
    const before = step(model, batch).losses;
    let after = before;
    for (let i = 0; i < 10; i++) after = step(model, batch, 0.1).losses;
    expect(after[0]).toBeLessThan(before[0]!);
    expect(after[1]).toBeLessThan(before[1]!);
    const whole = tf.tensor(score(model, batch), [2, 32]);
    const part = tf.slice(whole, [0, 3], [2, 5]).dataSync();
    expect(difference(score(model, sliceBatch(batch, 3, 8)), part)).toBeLessThan(1e-5);
    model.dispose();
  });

  it("gets the defaults of its options, and what a spec sets", () => {
    const sizes = (options: Record<string, unknown>): (number | undefined)[] => {
      const model = buildModel({ ...smallShape("din", null), backbone: example, options }, [1]);
      const found = model.parameters.filter(({ name }) => name.startsWith("deep.dense_"));
      model.dispose();
      return found
        .filter(({ name }) => name.endsWith("bias"))
        .map(({ variable }) => variable.shape[1]);
    };
    expect(sizes({})).toEqual([64, 32]);
    expect(sizes({ hidden: [9] })).toEqual([9]);
  });

  // What it computes with a batch is not known, whatever id it has.
  it("is given no batches that are filled up, and whole ones where it asks for them", async () => {
    const shape = smallShape("din", null);
    const told = async (name: string, more: string): Promise<[boolean, boolean]> => {
      const text = `export default { id: "din", description: "d", options: {}, ${more}
        build: (kit) => { const head = kit.head(kit.widths.target); return (sample) => head(sample.target); } };`;
      const model = buildModel({ ...shape, backbone: await moduleOf(name, text) }, [1]);
      model.dispose();
      return [model.knowsPresent, model.mixesSamples];
    };
    expect(await told("alone.mjs", "")).toEqual([false, false]);
    expect(await told("mixing.mjs", "mixesSamples: () => true,")).toEqual([false, true]);
    const own = buildModel(shape, [1]);
    own.dispose();
    expect([own.knowsPresent, own.mixesSamples]).toEqual([true, false]);
  });
});

describe("a module that is no backbone", () => {
  it("is told apart from an unknown id, a missing file and a broken one", async () => {
    expect(errorOf("dine")).toMatch(/no backbone is called dine.*din, /);
    expect(errorOf("constructor")).toMatch(/no backbone is called constructor/);
    expect(errorOf(path.join(scratch, "gone.mjs"))).toMatch(/gone\.mjs can't be loaded/);
    const broken = await moduleOf("broken.mjs", "export const backbone = {;");
    expect(errorOf(broken)).toMatch(/broken\.mjs can't be loaded as a backbone: /);
  });

  it("says which part is missing", async () => {
    const empty = await moduleOf("empty.mjs", "export const other = 1;");
    expect(errorOf(empty)).toMatch(/must export a backbone/);
    const parts = {
      ...{ id: '"x"', description: '"a model"', options: "{}", build: "() => {}" },
      mixesSamples: "() => false",
    };
    for (const part of Object.keys(parts)) {
      const rest = Object.entries({ ...parts, [part]: "7" });
      const text = `export default {${rest.map(([name, value]) => `${name}: ${value}`).join()}};`;
      expect(errorOf(await moduleOf(`no-${part}.mjs`, text))).toMatch(new RegExp(`whose ${part} `));
    }
  });

  it("that ends in anything but one number a sample is an error", async () => {
    const text = `export default { id: "wide", description: "d", options: {},
      build: (kit) => (sample) => sample.target };`;
    const shape = smallShape("din", null);
    const model = buildModel({ ...shape, backbone: await moduleOf("wide.mjs", text) }, [1]);
    const batch = batchOf(shape, 4, [1]);
    expect(() => forward(model, batch, { training: false })).toThrow("wide must end in a vector");
    model.dispose();
  });
});

describe("the project's backbones", () => {
  it("stand under their ids and describe every option with a default", () => {
    expect(Object.keys(backbones)).toEqual(
      expect.arrayContaining(
        "din dien gru4rec dcn dcnv2 deepfm xdeepfm autoint fibinet fignn".split(" "),
      ),
    );
    for (const [id, backbone] of Object.entries(backbones)) {
      expect(backbone.id).toBe(id);
      const { properties } = backbone.options as { properties: Record<string, object> };
      for (const option of Object.values(properties)) {
        expect(option).toHaveProperty("default");
        expect(option).toHaveProperty("description");
      }
    }
  });

  it("refuse heads that don't divide the target", () => {
    const options = { item_attention: "batch", heads: 5 };
    expect(() => buildModel(smallShape("gru4rec", null, { options }), [1])).toThrow("5 heads");
  });
});
