import type { Backbone } from "../toolkit/backbone.js";
import { options, sizes } from "./options.js";

/** Deep Interest Network (Zhou et al. 2018): the history weighted by its fit to the target. */
export const din: Backbone = {
  id: "din",
  description: "DIN: attention of the target item over the history, with Dice.",
  options: options("DIN", {
    attention: sizes("Hidden sizes of the attention network.", [32, 16]),
  }),
  build(kit, shape) {
    const { attention } = shape.options as { attention: number[] };
    const { target, history, user, knowledge } = kit.widths;
    const project = kit.dense("history_projection", history, target);
    const pool = kit.attentionPooling("attention", shape.historyLength, target, attention);
    const head = kit.head(2 * target + user + knowledge);
    return (sample) => {
      const rows = project(sample.history);
      const interest = pool(sample.target, rows, sample.historyMask).pooled;
      return head(kit.concat([interest, sample.target, sample.user, sample.knowledge]));
    };
  },
};
