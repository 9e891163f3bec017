/** What may be spent; null: no limit. */
export interface BudgetLimits {
  readonly tokens: number | null;
  readonly usd: number | null;
}

/** Prices in US dollars per million tokens. */
export interface Prices {
  readonly prompt: number;
  readonly completion: number;
}

/** What has been spent. */
export interface Spent {
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly usd: number;
}

/** Tokens of one answer. */
export interface AnswerTokens {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** What tokens cost, in US dollars. */
export const usdOf = ({ promptTokens, completionTokens }: AnswerTokens, prices: Prices): number =>
  (promptTokens * prices.prompt + completionTokens * prices.completion) / 1e6;

/** Tokens and money that are reserved for a request in progress. */
export interface Reservation {
  /**
   * The request was answered: gives what is counted for it, which is what the endpoint tells, or,
   * where it tells nothing (null), all that was set aside.
   */
  settle(told: AnswerTokens | null): AnswerTokens;
  /** The request failed and cost nothing. */
  release(): void;
}

/** Tokens that a chat template may add to a prompt: marks of roles, a system prompt of its own. */
const CHAT_TEMPLATE = 64;

/**
 * Counts tokens and money. A request is sent only if the most that it can cost still fits into the
 * budget, together with what was spent and what requests in progress may cost. So answers never
 * cost more than the budget. The number of a prompt's tokens is not known before the answer: it is
 * taken as the number of its bytes (no token is shorter than a byte) and what a chat template adds.
 */
export class Budget {
  private readonly limits: BudgetLimits;
  private readonly prices: Prices;
  private spent = { requests: 0, promptTokens: 0, completionTokens: 0 };
  private reserved = { promptTokens: 0, completionTokens: 0 };
  private waiting: (() => void)[] = [];

  constructor(limits: BudgetLimits, prices: Prices) {
    this.limits = limits;
    this.prices = prices;
  }

  /** Reserves the most that a request can cost; null if the budget no longer allows it. */
  reserve(prompt: string, maxTokens: number): Reservation | null {
    const promptTokens = Buffer.byteLength(prompt) + CHAT_TEMPLATE;
    const prompts = this.spent.promptTokens + this.reserved.promptTokens + promptTokens;
    const completions = this.spent.completionTokens + this.reserved.completionTokens + maxTokens;
    const { tokens, usd } = this.limits;
    if (tokens !== null && prompts + completions > tokens) return null;
    if (usd !== null && this.cost(prompts, completions) > usd) return null;
    this.reserved.promptTokens += promptTokens;
    this.reserved.completionTokens += maxTokens;
    let open = true;
    const release = () => {
      if (!open) throw new Error("a reservation can end only once");
      open = false;
      this.reserved.promptTokens -= promptTokens;
      this.reserved.completionTokens -= maxTokens;
      const woken = this.waiting;
      this.waiting = [];
      for (const wake of woken) wake();
    };
    return {
      release,
      settle: (told) => {
        release();
        const counted = told ?? { promptTokens, completionTokens: maxTokens };
        this.add(counted.promptTokens, counted.completionTokens);
        return counted;
      },
    };
  }

  /** Counts an answer that was paid for in an earlier attempt. */
  add(promptTokens: number, completionTokens: number): void {
    this.spent.requests += 1;
    this.spent.promptTokens += promptTokens;
    this.spent.completionTokens += completionTokens;
  }

  /**
   * Like {@link reserve}, but if only the reservations of other requests are in the way, waits
   * until enough of them are released.
   */
  async reserveInTurn(prompt: string, maxTokens: number): Promise<Reservation | null> {
    for (;;) {
      const reservation = this.reserve(prompt, maxTokens);
      if (reservation !== null || this.reserved.promptTokens === 0) return reservation;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  total(): Spent {
    const { requests, promptTokens, completionTokens } = this.spent;
    return {
      requests,
      promptTokens,
      completionTokens,
      usd: this.cost(promptTokens, completionTokens),
    };
  }

  private cost(promptTokens: number, completionTokens: number): number {
    return usdOf({ promptTokens, completionTokens }, this.prices);
  }
}

/** The budget does not allow the next request. Answers so far are kept. */
export class BudgetSpent extends Error {
  constructor(budget: Budget, answered: number, total: number) {
    const { promptTokens, completionTokens, usd } = budget.total();
    super(
      `the budget allows no further request: ${promptTokens + completionTokens} tokens` +
        `${usd > 0 ? ` (${usd.toFixed(4)} USD)` : ""} spent, ${answered} of ${total} answers had; ` +
        `they are kept; with a larger budget the stage continues from here`,
    );
    this.name = "BudgetSpent";
  }
}
