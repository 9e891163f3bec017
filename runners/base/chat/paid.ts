import type { StageTask } from "../../../src/contract/runner.js";
import { NO_USAGE } from "../../../src/contract/usage.js";
import { type AnswerTokens, type Prices, usdOf } from "./budget.js";

/** The prices of a model that is not paid for. */
export const FREE: Prices = { prompt: 0, completion: 0 };

/** Tells of each answered request of a stage, with its price. */
export const tellsPaid =
  (task: Pick<StageTask, "emit">, prices: Prices = FREE) =>
  ({ promptTokens, completionTokens }: AnswerTokens): void => {
    const usd = usdOf({ promptTokens, completionTokens }, prices);
    task.emit({ type: "usage", ...NO_USAGE, requests: 1, promptTokens, completionTokens, usd });
  };

/** Tells of a request that failed and is made again. */
export const tellRetry = (task: Pick<StageTask, "emit">): void =>
  task.emit({ type: "usage", ...NO_USAGE, retries: 1 });
