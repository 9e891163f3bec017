import type { Backbone } from "../toolkit/backbone.js";
import { count, options } from "./options.js";

/**
 * DCN-V2 (Wang et al. 2021): beside a deep network, cross layers x ← x₀ ⊙ (W x + b) + x (eq. 1),
 * the two joined by a final MLP.
 */
export const dcnv2: Backbone = {
  id: "dcnv2",
  description: "DCNv2: cross layers with a weight matrix beside a deep network.",
  options: options("DCNv2", { cross_layers: count("The number of cross layers.", 3) }),
  build(kit, shape) {
    const { cross_layers } = shape.options as { cross_layers: number };
    const { target, history, user, knowledge } = kit.widths;
    const width = target + history + user + knowledge;
    const layers = Array.from({ length: cross_layers }, (_, i) =>
      kit.dense(`cross_${i}`, width, width),
    );
    const deep = kit.mlp("deep", width, shape.mlp);
    const head = kit.head(shape.mlp.at(-1)! + width);
    return (sample) => {
      const x0 = kit.concat([sample.target, sample.historyMean, sample.user, sample.knowledge]);
      const crossed = layers.reduce((x, layer) => x0.mul(layer(x)).add(x), x0);
      return head(kit.concat([deep(x0), crossed]));
    };
  },
};
