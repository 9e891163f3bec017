import type { Backbone } from "../toolkit/backbone.js";
import type { Value } from "../toolkit/value.js";
import { choice, options } from "./options.js";

type Bilinear = "field_all" | "field_each" | "field_interaction";

/**
 * FiBiNET (Huang et al. 2019): fields re-weighted by squeeze and excitation, then bilinear products
 * (W vᵢ) ⊙ vⱼ of every pair i < j, of the original and of the re-weighted fields by the same
 * matrices; original first, into the deep network. There is one matrix for all (`field_all`), one
 * for each left field (`field_each`) or one for each pair (`field_interaction`).
 */
export const fibinet: Backbone = {
  id: "fibinet",
  description: "FiBiNET: re-weighted fields and bilinear products of field pairs.",
  options: options("FiBiNET", {
    bilinear: choice(
      "How many matrices there are: one for all, one for each field, or one for each pair of fields.",
      ["field_all", "field_each", "field_interaction"],
    ),
    reduction: {
      type: "number",
      exclusiveMinimum: 0,
      default: 0.5,
      description: "The excitation's hidden layer has fields ÷ reduction units.",
    },
  }),
  build(kit, shape) {
    const { bilinear, reduction } = shape.options as { bilinear: Bilinear; reduction: number };
    const input = kit.fields();
    const width = shape.embeddingDim;
    const n = input.count;
    const pairs = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n - i - 1 }, (_, k) => [i, i + 1 + k] as const),
    ).flat();
    const left = pairs.map(([i]) => i);
    const right = pairs.map(([, j]) => j);

    const squeezed = Math.max(1, Math.trunc(n / reduction));
    const squeeze = kit.dense("excitation.dense_0", n, squeezed, {
      bias: false,
      activation: "relu",
    });
    const excite = kit.dense("excitation.dense_1", squeezed, n, {
      bias: false,
      activation: "relu",
    });
    const product = (() => {
      if (bilinear === "field_all") {
        const all = kit.dense("bilinear", width, width, { bias: false });
        return (rows: Value) => all(rows).select(left);
      }
      if (bilinear === "field_each") {
        // The last field is never on the left.
        const first = [...Array(n - 1).keys()];
        const each = kit.rowDense("bilinear", n - 1, width, width);
        return (rows: Value) => each(rows.select(first)).select(left);
      }
      const pairwise = kit.rowDense("bilinear", pairs.length, width, width);
      return (rows: Value) => pairwise(rows.select(left));
    })();
    const deep = kit.mlp("deep", 2 * pairs.length * width, shape.mlp);
    const logit = kit.dense("logit", shape.mlp.at(-1)!, 1);
    return (sample) => {
      const fields = input.read(sample);
      const weights = excite(squeeze(fields.meanWidth().flatten())).toRows(n);
      const both = [fields, fields.mul(weights)];
      const products = both.map((rows) => product(rows).mul(rows.select(right)).flatten());
      return logit(deep(kit.concat(products)));
    };
  },
};
