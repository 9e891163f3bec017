import type { Side } from "../model.js";
import { sharedWhereEqual, type Adaptor } from "./adaptor.js";

/**
 * Hybrid-expert adaptor (KAR, Xi et al. 2023, eqs. 6 to 8): experts that both sides share beside
 * experts of each side's own, mixed by a gate of the side's own, shared experts first.
 */
export const hea: Adaptor = {
  id: "hea",
  description: "Shared experts and each side's own, mixed by a gate per side.",
  build(kit, widths, { sharedExperts, specificExperts, layers }) {
    const first = layers[0]!;
    const sharedInput = sharedWhereEqual(widths, "adaptor.shared.layer_0", (name, from) =>
      kit.expertInput(name, sharedExperts, from, first),
    );
    const shared = kit.expertLayers("adaptor.shared", sharedExperts, layers);
    const make = (side: Side) => ({
      input: kit.expertInput(`adaptor.${side}.layer_0`, specificExperts, widths[side], first),
      experts: kit.expertLayers(`adaptor.${side}`, specificExperts, layers),
      gate: kit.dense(`adaptor.${side}.gate`, widths[side], sharedExperts + specificExperts),
    });
    const own = { user: make("user"), item: make("item") };
    return (side, vectors) => {
      const { input, experts, gate } = own[side];
      const weights = gate(vectors).softmax();
      const [ofShared, ofOwn] = weights.split([sharedExperts, specificExperts]);
      return shared
        .mix(sharedInput[side](vectors), ofShared!)
        .add(experts.mix(input(vectors), ofOwn!));
    };
  },
};
