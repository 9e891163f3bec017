import { sharedWhereEqual, type Adaptor } from "./adaptor.js";

/** Mixture of experts: one set of experts and one gate, used by both sides. */
export const moe: Adaptor = {
  id: "moe",
  description: "One set of experts and one gate that both sides use.",
  build(kit, widths, { sharedExperts, layers }) {
    const input = sharedWhereEqual(widths, "adaptor.experts.layer_0", (name, from) =>
      kit.expertInput(name, sharedExperts, from, layers[0]!),
    );
    const gate = sharedWhereEqual(widths, "adaptor.gate", (name, from) =>
      kit.dense(name, from, sharedExperts),
    );
    const experts = kit.expertLayers("adaptor.experts", sharedExperts, layers);
    return (side, vectors) => experts.mix(input[side](vectors), gate[side](vectors).softmax());
  },
};
