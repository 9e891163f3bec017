/** Requests at the same time for an endpoint, or where cores do the work. */
const FEW = 8;
/** For a server on a card of this machine: it answers them side by side. */
const MANY = 256;

/**
 * How many requests run at the same time.
 *
 * @param wanted what the spec says, or null
 * @param cards how many cards the stage's own server has; undefined: it has no server
 */
export const requestsAtOnce = (wanted: number | null, cards: number | undefined): number =>
  wanted ?? ((cards ?? 0) > 0 ? MANY : FEW);
