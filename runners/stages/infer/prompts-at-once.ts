/** How many prompts a card answers at once after its memory was full so often. */
export const promptsAtOnce = (batchSize: number, tightened: number): number =>
  Math.max(1, Math.floor(batchSize / 2 ** tightened));
