import type { ModelServer } from "./model-server.js";

/** So many a model's server on a card answers side by side; one whose memory is less lets the others wait. */
const ON_A_CARD = 256;

/**
 * How many requests run at the same time.
 *
 * @param wanted what the spec says
 * @param server the server that r4ec starts and knows; null: an endpoint, or a command of the user's
 * @param cards how many GPUs that server has, or how much of one
 */
export const requestsAtOnce = (
  wanted: number,
  server: ModelServer | null,
  cards: number,
): number => (server !== null && cards > 0 ? Math.max(wanted, ON_A_CARD) : wanted);
