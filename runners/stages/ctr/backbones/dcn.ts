import type { Backbone } from "../toolkit/backbone.js";
import { choice, count, options } from "./options.js";

/**
 * Deep & Cross Network (Wang et al. 2017): beside a deep network, cross layers
 * x ← x₀ (x · w) + b + x (eq. 3). The reference adds its x after x was overwritten, which makes it
 * x ← x₀ (x · w) + b without the residual, twice the product: `residual: reference`.
 */
export const dcn: Backbone = {
  id: "dcn",
  description: "DCN: cross layers with a weight vector beside a deep network.",
  options: options("DCN", {
    cross_layers: count("The number of cross layers.", 3),
    form: choice(
      "paper: x0 (x·w) + b + x; reference: 2 x0 (x·w) + b, as R4ec's code computes it.",
      ["paper", "reference"],
    ),
  }),
  build(kit, shape) {
    const { cross_layers, form } = shape.options as { cross_layers: number; form: string };
    const { target, history, user, knowledge } = kit.widths;
    const width = target + history + user + knowledge;
    const weights = Array.from({ length: cross_layers }, (_, i) =>
      kit.dense(`cross_${i}`, width, 1, { bias: false }),
    );
    const biases = weights.map((_, i) => kit.bias(`cross_${i}.bias`, width));
    const deep = kit.mlp("deep", width, shape.mlp);
    const head = kit.head(shape.mlp.at(-1)! + width);
    return (sample) => {
      const x0 = kit.concat([sample.target, sample.historyMean, sample.user, sample.knowledge]);
      const crossed = weights.reduce((x, weight, i) => {
        const product = x0.mul(weight(x));
        return form === "paper" ? biases[i]!(product).add(x) : biases[i]!(product.mul(2));
      }, x0);
      return head(kit.concat([deep(x0), crossed]));
    };
  },
};
