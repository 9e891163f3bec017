/**
 * Neural Factorization Machine (He and Chua 2017): the element-wise products of all pairs of fields,
 * added up, go through an MLP; every field adds a linear term. With `ctr.user_id: true` the user's id
 * is one of the fields that `kit.fields()` makes.
 *
 * @type {import("../../runners/stages/ctr/toolkit/backbone.js").Backbone}
 */
export const backbone = {
  id: "nfm",
  description: "NFM: pooled pairwise products of the fields through an MLP.",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      hidden: {
        type: "array",
        items: { type: "integer", minimum: 1 },
        minItems: 1,
        default: [64, 32],
        description: "Hidden sizes of the MLP over the pooled products.",
      },
    },
  },
  build(kit, shape) {
    const { hidden } = shape.options;
    const input = kit.fields();
    const width = shape.embeddingDim;
    const first = kit.dense("first_order", input.count * width, 1);
    const deep = kit.mlp("deep", width, hidden);
    const logit = kit.dense("logit", hidden.at(-1), 1, { bias: false });
    return (sample) => {
      const fields = input.read(sample);
      // Sum over pairs of v ⊙ w is half of (Σ v)² − Σ v².
      const pooled = fields.sum().square().sub(fields.square().sum()).mul(0.5);
      return first(fields.flatten()).add(logit(deep(kit.dropout(pooled))));
    };
  },
};
