import { dense } from "./dense.js";
import type { Layer } from "./dense.js";
import type { Subject } from "../model.js";
import type { LayerContext } from "./context.js";
import type { Sample } from "./sample.js";
import { concat, type Value } from "./value.js";

/** The sample as fields: rows of the embedding's width. */
export interface FieldInput {
  readonly count: number;
  read(sample: Sample): Value;
}

/**
 * The fields in their order: the item, its attributes, its fields, the means of the history's items, attributes,
 * ratings and fields, the user's id if it has an embedding, the user's and the context's fields, the user's
 * knowledge, the item's knowledge. If
 * knowledge has another width than the embedding, it goes through a linear layer first.
 */
export function fieldInput(kit: LayerContext): FieldInput {
  const { target, history, user, knowledge } = kit.widths;
  const width = kit.shape.embeddingDim;
  const count = (target + history + user) / width + (knowledge > 0 ? 2 : 0);
  const fit = (subject: Subject): Layer =>
    knowledge === 0 || knowledge === 2 * width
      ? (value) => value
      : dense(kit, `knowledge_field.${subject}`, knowledge / 2, width, { bias: false });
  const fitUser = fit("user");
  const fitItem = fit("item");
  return {
    count,
    read: ({ target, historyMean, user, userKnowledge, itemKnowledge }) =>
      concat([
        target,
        historyMean,
        user,
        userKnowledge === null ? null : fitUser(userKnowledge),
        itemKnowledge === null ? null : fitItem(itemKnowledge),
      ]).toRows(count),
  };
}
