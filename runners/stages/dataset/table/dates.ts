/** Seconds since 1970 of a text; NaN where the text is not in the form. */
export type DateReader = (text: string) => number;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Dates of ISO 8601, with or without a time of day. Without a zone they are UTC. */
export const isoSeconds: DateReader = (text) => {
  const found = ISO.exec(text);
  if (found === null) return NaN;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  return secondsOf({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction: Number(fraction ?? 0),
    offset: zoneSeconds(zone ?? "Z"),
  });
};

interface Parts {
  year: number;
  /** From 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: number;
  /** Seconds that the zone's clock is ahead of UTC. */
  offset: number;
}

/** NaN for a day or an hour that there is not, such as the 30th of February. */
function secondsOf(parts: Parts): number {
  const { year, month, day, hour, minute, second, fraction, offset } = parts;
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return NaN;
  return date.getTime() / 1000 + fraction - offset;
}

function zoneSeconds(zone: string): number {
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (found === null) return 0;
  const seconds = Number(found[2]) * 3600 + Number(found[3] ?? 0) * 60;
  return found[1] === "-" ? -seconds : seconds;
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const LONG_MONTHS =
  "january|february|march|april|may|june|july|august|september|october|november|december";
const SHORT_DAYS = "mon|tue|wed|thu|fri|sat|sun";
const LONG_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";

/** What a sign of a form stands for: its expression, and what its text says. */
const SIGNS: { readonly [sign: string]: readonly [string, (parts: Parts, text: string) => void] } =
  {
    Y: ["\\d{4}", (parts, text) => (parts.year = Number(text))],
    m: ["\\d{1,2}", (parts, text) => (parts.month = Number(text))],
    d: ["\\d{1,2}", (parts, text) => (parts.day = Number(text))],
    H: ["\\d{1,2}", (parts, text) => (parts.hour = Number(text))],
    M: ["\\d{1,2}", (parts, text) => (parts.minute = Number(text))],
    S: ["\\d{1,2}", (parts, text) => (parts.second = Number(text))],
    f: ["\\d{1,9}", (parts, text) => (parts.fraction = Number(`0.${text}`))],
    b: [MONTHS.join("|"), (parts, text) => (parts.month = monthOf(text))],
    B: [LONG_MONTHS, (parts, text) => (parts.month = monthOf(text))],
    a: [SHORT_DAYS, () => undefined],
    A: [LONG_DAYS, () => undefined],
    z: ["Z|[+-]\\d\\d:?\\d\\d", (parts, text) => (parts.offset = zoneSeconds(text))],
  };

const monthOf = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;

/**
 * A reader of dates in a form of strptime, such as `%a %b %d %H:%M:%S %z %Y`. Known are %Y %m %d %H
 * %M %S %f %b %B %a %A %z and %%; names are English. Without %z they are UTC.
 *
 * @returns null where the form holds another sign, or no year, month and day
 */
export function dateReader(form: string): DateReader | null {
  const used: string[] = [];
  let expression = "";
  for (const [whole, sign] of form.matchAll(/%(.)|[^%]|%$/gsu)) {
    if (sign === undefined || sign === "%") {
      if (whole === "%") return null;
      const text = sign ?? whole;
      expression += text === " " ? "\\s+" : text.replace(/[.*+?^${}()|[\]\\/-]/gu, "\\$&");
      continue;
    }
    const known = Object.hasOwn(SIGNS, sign) ? SIGNS[sign]! : undefined;
    if (known === undefined) return null;
    used.push(sign);
    expression += `(${known[0]})`;
  }
  const month = used.some((sign) => "mbB".includes(sign));
  if (!used.includes("Y") || !month || !used.includes("d")) return null;
  const whole = new RegExp(`^${expression}$`, "iu");
  return (text) => {
    const found = whole.exec(text);
    if (found === null) return NaN;
    const parts: Parts = {
      ...{ year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, fraction: 0, offset: 0 },
    };
    used.forEach((sign, i) => SIGNS[sign]![1](parts, found[i + 1]!));
    return secondsOf(parts);
  };
}
