import type { Backbone } from "../toolkit/backbone.js";
import { choice, options, sizes } from "./options.js";

type Kind = "GRU" | "AIGRU" | "AGRU" | "AUGRU";

/**
 * Deep Interest Evolution Network (Zhou et al. 2019), without the auxiliary loss: one GRU reads
 * interests out of the history, attention to the target weighs them, a second GRU follows their
 * evolution. Where the attention enters is the kind: GRU pools the second GRU's states by it, AIGRU
 * scales its inputs, AGRU replaces the update gate, AUGRU scales the update gate.
 */
export const dien: Backbone = {
  id: "dien",
  description: "DIEN: interests of the history evolving towards the target.",
  options: options("DIEN", {
    gru: choice("How attention enters the second GRU.", ["GRU", "AIGRU", "AGRU", "AUGRU"]),
    attention: sizes("Hidden sizes of the attention network.", [32, 16]),
  }),
  build(kit, shape) {
    const { gru: kind, attention } = shape.options as { gru: Kind; attention: number[] };
    const { target, history, user, knowledge } = kit.widths;
    const extract = kit.gru("interest_extraction", history, target);
    const pool = kit.attentionPooling("attention", shape.historyLength, target, attention);
    const attentional = kind === "AGRU" || kind === "AUGRU";
    const evolve = kit.gru("interest_evolution", target, target, {
      kind: attentional ? kind : "GRU",
      // As the reference registers it.
      sharedBias: kind === "AUGRU",
    });
    const head = kit.head(2 * target + user + knowledge);
    return (sample) => {
      const mask = sample.historyMask;
      const interests = kit.stack(extract(sample.history)).mul(mask);
      const evolved = () => {
        if (kind === "GRU") {
          const states = kit.stack(evolve(interests)).mul(mask);
          return pool(sample.target, states, mask).pooled;
        }
        const { weights } = pool(sample.target, interests, mask);
        // Weights are 0 on padding, so that an attentional state stays as it was there.
        const states =
          kind === "AIGRU"
            ? evolve(interests.mul(weights), { mask })
            : evolve(interests, { weights });
        return states.at(-1)!;
      };
      return head(kit.concat([evolved(), sample.target, sample.user, sample.knowledge]));
    };
  },
};
