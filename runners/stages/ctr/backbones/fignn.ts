import type { Backbone } from "../toolkit/backbone.js";
import { count, flag, options } from "./options.js";

/**
 * Fi-GNN (Li et al. 2019): fields are nodes of a graph whose edges an attention weighs; nodes
 * exchange states through matrices of their own and are updated by a GRU, with a residual to the
 * embedding in each layer; each node then votes on the logit with a weight of its own.
 */
export const fignn: Backbone = {
  id: "fignn",
  description: "FiGNN: a gated graph network over the fields.",
  options: options("FiGNN", {
    layers: count("The number of graph layers.", 2),
    shared: flag("Whether all graph layers use the same matrices.", true),
  }),
  build(kit, shape) {
    const { layers, shared } = shape.options as { layers: number; shared: boolean };
    const input = kit.fields();
    const width = shape.embeddingDim;
    const n = input.count;
    const edge = kit.pairAttention("edge", width);
    // Fans as PyTorch counts them on a [fields, width, width] tensor.
    const start = kit.initial.xavierNormal(width * width, n * width);
    const graph = Array.from({ length: shared ? 1 : layers }, (_, i) => ({
      send: kit.rowDense(`graph_${i}.out`, n, width, width, start),
      receive: kit.rowDense(`graph_${i}.in`, n, width, width, start),
      bias: kit.bias(`graph_${i}.bias`, width),
    }));
    const update = kit.gruCell("gru", width, width);
    const score = kit.dense("score", width, 1, { bias: false });
    const weigh = kit.dense("weight", n * width, n, { bias: false });
    return (sample) => {
      const fields = input.read(sample);
      const weights = edge(fields);
      let nodes = fields;
      for (let i = 0; i < layers; i++) {
        const { send, receive, bias } = graph[shared ? 0 : i]!;
        const message = bias(receive(weights.times(send(nodes))));
        nodes = update.next(update.input(message), nodes).add(fields);
      }
      const votes = weigh(nodes.flatten()).sigmoid();
      return votes.mul(score(nodes).flatten()).sumWidth();
    };
  },
};
