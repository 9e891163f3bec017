import { describe, expect, it, vi } from "vitest";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import {
  allRewrites,
  rewriteNames,
  rewritesWithout,
  type Rewrites,
} from "../../../../../runners/stages/ctr/rewrites/index.js";
import { cpu } from "../../../../../runners/stages/ctr/device.js";
import { modelRewrites } from "../../../../../runners/stages/ctr/rewrites/ways.js";
import { nodeBackend, tf } from "../../../../../runners/stages/ctr/tensorflow.js";
import { batchOf, difference, smallShape, step, variants } from "./models.js";

const none: Rewrites = new Set();

describe("with any rewrite, or without it, a model computes what it computes plainly:", () => {
  it.each(variants)("$name", ({ backbone, options }) => {
    const shape = smallShape(backbone, "hea", { options });
    const batch = batchOf(shape, 64, [3, 4]);
    const of = (rewrites: Rewrites) => {
      const model = buildModel(shape, [1, 2], cpu, rewrites);
      const result = step(model, batch);
      model.dispose();
      return result;
    };
    const plain = of(none);
    for (const rewrites of [allRewrites, ...modelRewrites.map((name) => rewritesWithout([name]))]) {
      const ours = of(rewrites);
      // Sums come in another order: float32 keeps 7 digits.
      expect(difference(ours.logits, plain.logits)).toBeLessThan(1e-5);
      expect([...ours.gradients.keys()]).toEqual([...plain.gradients.keys()]);
      for (const [name, gradient] of plain.gradients) {
        const error = difference(ours.gradients.get(name)!, gradient);
        expect({ name, ok: error < 2e-4 || error }).toEqual({ name, ok: true });
      }
    }
    tf.dispose(batch as never);
  });
});

describe("each rewrite of a model", () => {
  /** Names of the operations of a pass forward and back, in order. */
  const operations = (backbone: string, rewrites: Rewrites): string[] => {
    const shape = smallShape(backbone, null);
    const model = buildModel(shape, [1], cpu, rewrites);
    const batch = batchOf(shape, 64, [3]);
    const called = vi.spyOn(nodeBackend(), "executeSingleOutput");
    try {
      step(model, batch);
      return called.mock.calls.map(([name]) => name);
    } finally {
      called.mockRestore();
      model.dispose();
      tf.dispose(batch as never);
    }
  };

  it.each([
    ["product-by-table", "gru4rec"],
    ["means-by-shares", "dcnv2"],
    ["shared-lookup", "dcnv2"],
    ["one-head-matrix", "autoint"],
    ["split-kernels", "din"],
    ["split-kernels", "fignn"],
    ["sum-by-product", "din"],
    ["sums-first", "xdeepfm"],
    ["gradient-by-product", "din"],
    ["gradient-by-product", "fibinet"],
  ] as const)("is off where it is switched off: %s in %s", (name, backbone) => {
    expect(operations(backbone, rewritesWithout([name]))).not.toEqual(
      operations(backbone, allRewrites),
    );
  });

  it("has a name; an unknown one lists them", () => {
    expect(() => rewritesWithout(["pieces", "magic"])).toThrow(
      `no rewrite is named magic; there are ${rewriteNames.join(", ")}`,
    );
    expect([...rewritesWithout(["pieces"])]).not.toContain("pieces");
  });
});
