import { usdText, type Usage } from "../contract/usage.js";

/** Seconds for people: `45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (number: number): string => String(number).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(whole / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A count for people: `950`, `12.3 k`, `4.5 M`, `1.20 G`; a dash for 0. */
export function countText(count: number): string {
  if (count === 0) return "-";
  if (count < 1e4) return String(Math.round(count));
  if (count < 1e5) return `${(count / 1e3).toFixed(1)} k`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} M` : `${(count / 1e9).toFixed(2)} G`;
}

/** A rate for people: `130 k samples/s`, `0.4 texts/s`. */
export function rateText({
  value,
  unit,
}: {
  readonly value: number;
  readonly unit: string;
}): string {
  if (value < 1) return `${value.toPrecision(1)} ${unit}/s`;
  if (value < 1e4) return `${Number(value.toPrecision(2))} ${unit}/s`;
  return value < 1e6
    ? `${Math.round(value / 1e3)} k ${unit}/s`
    : `${(value / 1e6).toFixed(1)} M ${unit}/s`;
}

/** What was paid, for people: `12 requests (1 repeated), 4.5 k tokens read, 830 written, 0.0042 USD`. */
export function usageText({
  requests,
  retries,
  promptTokens,
  completionTokens,
  usd,
}: Usage): string {
  return [
    ...(requests > 0
      ? [
          `${requests.toLocaleString("en-US")} requests${retries > 0 ? ` (${retries} repeated)` : ""}`,
        ]
      : []),
    `${countText(promptTokens)} tokens read`,
    `${countText(completionTokens)} written`,
    ...(usd > 0 ? [`${usdText(usd)} USD`] : []),
  ].join(", ");
}
