import type { Backbone } from "../toolkit/backbone.js";
import { options, sizes } from "./options.js";

/**
 * xDeepFM (Lian et al. 2018): a compressed interaction network beside a deep network. A layer of it
 * (eq. 6) makes each new field a weighted sum of the products of every original with every field of
 * the layer before, element by element of the embedding; the sums over the embedding of all layers
 * join the deep network's output.
 */
export const xdeepfm: Backbone = {
  id: "xdeepfm",
  description: "xDeepFM: compressed interaction network beside a deep network.",
  options: options("xDeepFM", {
    cin: sizes("The number of fields in each interaction layer.", [50, 50]),
  }),
  build(kit, shape) {
    const { cin } = shape.options as { cin: number[] };
    const input = kit.fields();
    const { inverseRoot } = kit.initial;
    const layers = cin.map((to, i) => {
      const from = input.count * (i === 0 ? input.count : cin[i - 1]!);
      return kit.dense(`cin_${i}`, from, to, {
        initial: inverseRoot(from),
        biasInitial: inverseRoot(from),
      });
    });
    const deep = kit.mlp("deep", input.count * shape.embeddingDim, shape.mlp);
    const interactions = cin.reduce((sum, n) => sum + n, 0);
    const logit = kit.dense("logit", interactions + shape.mlp.at(-1)!, 1);
    return (sample) => {
      const fields = input.read(sample);
      // A row per element of the embedding, so that a layer is a dense layer on rows of fields.
      const original = fields.transpose();
      let previous = original;
      const pooled = layers.map((layer) => {
        previous = layer(original.outer(previous));
        return previous.sum();
      });
      return logit(kit.concat([...pooled, deep(fields.flatten())]));
    };
  },
};
