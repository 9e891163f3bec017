import type { Subject } from "../model.js";
import { sharedWhereEqual, type Adaptor } from "./adaptor.js";

/**
 * Hybrid-expert adaptor (KAR, Xi et al. 2023, eqs. 6 to 8): experts that users and items
 * share, beside experts for users alone and for items alone. Users and items have a gate each, which
 * mixes the experts, the shared ones first.
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
    const make = (subject: Subject) => ({
      input: kit.expertInput(`adaptor.${subject}.layer_0`, specificExperts, widths[subject], first),
      experts: kit.expertLayers(`adaptor.${subject}`, specificExperts, layers),
      gate: kit.dense(`adaptor.${subject}.gate`, widths[subject], sharedExperts + specificExperts),
    });
    const own = { user: make("user"), item: make("item") };
    return (subject, vectors) => {
      const { input, experts, gate } = own[subject];
      const weights = gate(vectors).softmax();
      const [ofShared, ofOwn] = weights.split([sharedExperts, specificExperts]);
      return shared
        .mix(sharedInput[subject](vectors), ofShared!)
        .add(experts.mix(input(vectors), ofOwn!));
    };
  },
};
