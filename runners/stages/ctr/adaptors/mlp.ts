import { sharedWhereEqual, type Adaptor } from "./adaptor.js";

/** One network of dense layers with ReLU that users and items go through. */
export const mlp: Adaptor = {
  id: "mlp",
  description: "One network that both sides use.",
  build(kit, widths, { layers }) {
    const first = sharedWhereEqual(widths, "adaptor.dense_0", (name, from) =>
      kit.dense(name, from, layers[0]!, { activation: "relu" }),
    );
    const deeper = layers
      .slice(1)
      .map((to, i) => kit.dense(`adaptor.dense_${i + 1}`, layers[i]!, to, { activation: "relu" }));
    return (subject, vectors) =>
      deeper.reduce((value, layer) => layer(value), first[subject](vectors));
  },
};
