import type { Backbone } from "../toolkit/backbone.js";
import { count, flag, options } from "./options.js";

/**
 * AutoInt (Song et al. 2019): layers of self-attention over the fields, each with a residual
 * (projected where widths differ) and a ReLU; the last one's fields go to the logit.
 */
export const autoint: Backbone = {
  id: "autoint",
  description: "AutoInt: self-attention over the fields.",
  options: options("AutoInt", {
    layers: count("The number of attention layers.", 3),
    heads: count("The number of heads in a layer.", 1),
    size: count("The width of a head.", 64, 65536),
    contiguous_heads: flag(
      "Divide the numbers among the heads as R4ec's code does, across fields. This differs from the paper only with several heads.",
      false,
    ),
  }),
  build(kit, shape) {
    const { layers, heads, size, contiguous_heads } = shape.options as {
      layers: number;
      heads: number;
      size: number;
      contiguous_heads: boolean;
    };
    const input = kit.fields();
    const width = heads * size;
    const stages = Array.from({ length: layers }, (_, i) => {
      const from = i === 0 ? shape.embeddingDim : width;
      return kit.multiHeadAttention(`attention_${i}`, from, {
        heads,
        size,
        contiguous: contiguous_heads,
        residual: true,
      });
    });
    const logit = kit.dense("logit", input.count * width, 1);
    return (sample) =>
      logit(stages.reduce((x, attend) => attend(x).relu(), input.read(sample)).flatten());
  },
};
