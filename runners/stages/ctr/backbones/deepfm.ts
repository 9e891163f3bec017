import type { Backbone } from "../toolkit/backbone.js";
import { options } from "./options.js";

/**
 * DeepFM (Guo et al. 2017): a factorization machine beside a deep network on the same embeddings.
 * The second-order term runs over the item's, the history's and the user's fields, ½ ((Σ v)² − Σ v²)
 * (Rendle 2010, lemma 3.1); the first-order one over item, attributes, user, fields and the knowledge features.
 */
export const deepfm: Backbone = {
  id: "deepfm",
  description: "DeepFM: first and second order interactions beside a deep network.",
  options: options("DeepFM"),
  build(kit, { items, attributes, users, fields, mlp, embeddingDim }) {
    const { target, history, user, knowledge } = kit.widths;
    const itemWeight = kit.embedding("first_order.item", items + 1, 1);
    const attributeWeight = kit.embedding("first_order.attribute", attributes + 1, 1);
    const userWeight = users === undefined ? null : kit.userEmbedding("first_order.user", 1);
    const fieldWeights = fields === undefined ? null : kit.fieldEmbedding("first_order.field", 1);
    const knowledgeWeight =
      knowledge === 0
        ? null
        : kit.dense("first_order.knowledge", knowledge, 1, {
            bias: false,
            initial: kit.initial.uniform(0, 1),
          });
    const deep = kit.mlp("deep", target + history + user + knowledge, mlp);
    const logit = kit.dense("logit", mlp.at(-1)!, 1);
    return (sample) => {
      const mean = sample.historyMean;
      const inputs = kit.concat([sample.target, mean, sample.user]);
      const fields = inputs.toRows((target + history + user) / embeddingDim);
      const pairs = fields.sum().square().sub(fields.square().sum()).sumWidth().mul(0.5);
      const features = kit.concat([inputs, sample.knowledge]);
      const sparse = itemWeight
        .vector(sample.item)
        .add(attributeWeight.vector(sample.itemAttributes).sumWidth());
      const own = userWeight === null ? sparse : sparse.add(userWeight.vector(sample.userId!));
      const given = fieldWeights === null ? own : own.add(fieldWeights(sample).sumWidth());
      const linear =
        knowledgeWeight === null ? given : given.add(knowledgeWeight(sample.knowledge!));
      return linear.add(pairs).add(logit(deep(features)));
    };
  },
};
