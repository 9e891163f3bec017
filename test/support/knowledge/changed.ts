import type { PromptData } from "../../../runners/base/prompts/histories.js";

/**
 * The same data with every interaction from a position of its user on replaced: item and rating. What
 * a text says of earlier positions alone is the same before and after.
 */
export function changedFrom<Data extends PromptData>(data: Data, position: number): Data {
  const interactionItem = data.interactionItem.slice();
  const interactionRating = data.interactionRating.slice();
  for (let user = 1; user <= data.users; user++) {
    for (let row = data.offsets[user]! + position; row < data.offsets[user + 1]!; row++) {
      interactionItem[row] = (interactionItem[row]! % data.items) + 1;
      interactionRating[row] = 6 - interactionRating[row]!;
    }
  }
  return { ...data, interactionItem, interactionRating };
}
