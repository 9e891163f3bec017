import type { Names } from "../contract/records.js";
import { tokensPerSecond, usdText, type Usage } from "../contract/usage.js";
import type { StageState, SweepState } from "../journal/index.js";
import { paidBy } from "../journal/index.js";
import { formatTable } from "../base/table.js";
import { countText } from "./numbers.js";

/** What a stage or a sweep paid, for other programs; null: nothing. */
export const usageAsJson = (usage: Usage | null, seconds?: number): object | null =>
  usage === null
    ? null
    : {
        requests: usage.requests,
        retries: usage.retries,
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.completionTokens,
        ...(seconds !== undefined && { tokens_per_second: tokensPerSecond(usage, seconds) }),
        usd: usage.usd,
      };

const numbers = (usage: Usage, seconds: number | null): string[] => {
  const rate = seconds === null ? null : tokensPerSecond(usage, seconds);
  return [
    countText(usage.requests),
    countText(usage.retries),
    countText(usage.promptTokens),
    countText(usage.completionTokens),
    rate === null ? "-" : countText(rate),
    usage.usd === 0 ? "-" : usdText(usage.usd),
  ];
};

/** What the stages of a sweep paid, as a table with their sum; null where none paid. */
export function paymentsText(
  { stages }: SweepState,
  names: Names,
  dim: (text: string) => string,
): string | null {
  const paying = [...stages.values()].filter(({ usage }) => usage !== null);
  if (paying.length === 0) return null;
  const rows = paying.map((stage) => [
    `${names.stage(stage.record.fingerprint)}${stage.status === "cached" ? " (paid before)" : ""}`,
    ...numbers(stage.usage!, secondsOf(stage)),
  ]);
  const sum = paidBy(paying);
  const all = sum === null ? [] : [["this sweep", ...numbers(sum, null)]];
  const heads = ["paid by", "requests", "repeated", "tokens read", "written", "tokens/s", "USD"];
  return formatTable(heads, [...rows, ...all], dim);
}

/** Seconds of a stage that is over; null: it is not, or an earlier sweep made it. */
const secondsOf = ({ seconds }: StageState): number | null => (seconds > 0 ? seconds : null);
