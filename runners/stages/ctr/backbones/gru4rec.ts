import { ExitCode, UserError } from "../../../../src/base/exit.js";
import type { Backbone } from "../toolkit/backbone.js";
import { choice, count, options } from "./options.js";

/**
 * GRU4Rec (Hidasi et al. 2016) as R4ec has it: a GRU over the history, and attention on the target.
 * The reference lets the target items of a batch attend to each other, so that a score depends on
 * its neighbours; here a target attends to itself alone, where attention is its value projection.
 */
export const gru4rec: Backbone = {
  id: "gru4rec",
  description: "GRU4Rec: a GRU over the history, attention on the target item.",
  options: options("GRU4Rec", {
    hidden: count("Width of the GRU's state.", 64, 65536),
    heads: count(
      "The number of attention heads, which must divide the width of the target. Only item_attention batch has heads.",
      4,
    ),
    item_attention: choice(
      "target: attention over the one target item; batch: over all target items of a batch, as in the reference (a score then depends on its batch).",
      ["target", "batch"],
    ),
  }),
  mixesSamples: ({ item_attention }) => item_attention === "batch",
  build(kit, shape) {
    const { hidden, heads, item_attention } = shape.options as {
      hidden: number;
      heads: number;
      item_attention: "target" | "batch";
    };
    const { target, history, user, knowledge } = kit.widths;
    if (item_attention === "batch" && target % heads !== 0) {
      throw new UserError(
        `ctr.gru4rec.heads: ${heads} heads don't divide the target's ${target} numbers`,
        {
          exitCode: ExitCode.usage,
          hint: "choose a number of heads that divides (1 + attributes) · embedding_dim",
        },
      );
    }
    const attend =
      item_attention === "batch"
        ? kit.multiHeadAttention("item_attention", target, {
            heads,
            size: target / heads,
            bias: true,
            initial: kit.initial.xavierUniform(target, 3 * target),
          })
        : kit.dense("item_attention.value", target, target, {
            initial: kit.initial.xavierUniform(target, 3 * target),
          });
    const output = kit.dense("item_attention.output", target, target);
    const recur = kit.gru("gru", history, hidden);
    const head = kit.head(history + hidden + 2 * target + user + knowledge);
    return (sample) => {
      const attended =
        item_attention === "batch"
          ? attend(sample.target.batchToRows()).rowsToBatch()
          : attend(sample.target);
      const states = recur(sample.history);
      const mean = states.reduce((sum, state) => sum.add(state)).mul(1 / states.length);
      return head(
        kit.concat([
          sample.historyMean,
          mean,
          sample.target,
          output(attended),
          sample.user,
          sample.knowledge,
        ]),
      );
    };
  },
};
