/** What a stage paid an endpoint or a model of the machine. */
export interface Usage {
  /** Requests that were answered. */
  readonly requests: number;
  /** Requests that failed and were made again. */
  readonly retries: number;
  /** Tokens read and written. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** US dollars, by the prices of the settings. */
  readonly usd: number;
}

/** Nothing. */
export const NO_USAGE: Usage = {
  requests: 0,
  retries: 0,
  promptTokens: 0,
  completionTokens: 0,
  usd: 0,
};

/** The metrics of a stage's result that hold what it paid. */
export const USAGE_METRICS: { readonly [name in keyof Usage]: string } = {
  requests: "cost.requests",
  retries: "cost.retries",
  promptTokens: "cost.prompt_tokens",
  completionTokens: "cost.completion_tokens",
  usd: "cost.usd",
};

/** The metric that holds the tokens a second of a stage that paid. */
export const PACE_METRIC = "cost.tokens_per_second";

const names = Object.keys(USAGE_METRICS) as (keyof Usage)[];

const made = (value: (name: keyof Usage) => number): Usage =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as unknown as Usage;

/** Both together. */
export const addUsage = (a: Usage, b: Usage): Usage => made((name) => a[name] + b[name]);

/** What a stage paid, as metrics of its result. */
export const usageMetrics = (usage: Usage): { readonly [metric: string]: number } =>
  Object.fromEntries(names.map((name) => [USAGE_METRICS[name], usage[name]]));

/** What a stage paid by the metrics of its result; null where they say nothing of it. */
export const usageOf = (metrics: { readonly [metric: string]: number }): Usage | null =>
  metrics[USAGE_METRICS.requests] === undefined && metrics[USAGE_METRICS.promptTokens] === undefined
    ? null
    : made((name) => metrics[USAGE_METRICS[name]] ?? 0);

/** Tokens read and written a second; null where there were none, or no time. */
export const tokensPerSecond = (usage: Usage, seconds: number): number | null => {
  const tokens = usage.promptTokens + usage.completionTokens;
  return tokens === 0 || seconds <= 0 ? null : tokens / seconds;
};

/** US dollars for people: `0.0042`, `1.50`. */
export const usdText = (usd: number): string => usd.toFixed(usd < 0.1 ? 4 : 2);
