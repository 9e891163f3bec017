import { sharedWhereEqual, type Adaptor } from "./adaptor.js";

/** Mixture of experts: one set of experts and one gate, used for users and items. */
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
    return (subject, vectors) =>
      experts.mix(input[subject](vectors), gate[subject](vectors).softmax());
  },
};
