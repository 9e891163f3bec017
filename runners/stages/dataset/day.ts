const secondsPerDay = 86_400;

/** Whether the zone is one that JavaScript knows. */
export function isTimeZone(zone: string): boolean {
  // The default: to ask takes as long as all else in the check of a spec.
  if (zone === "UTC") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * Days since 1970-01-01 by the calendar of a time zone. Asking Intl is slow, so it is asked for the
 * two ends of a UTC day, and again only where the zone's offset changes between them.
 */
export function dayIn(zone: string): (seconds: number) => number {
  if (zone === "UTC") return (seconds) => Math.floor(seconds / secondsPerDay);
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
  });
  /** Seconds that the zone's clock is ahead of UTC. */
  const offsetAt = (seconds: number): number => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) parts[type] = Number(value);
    const local = Date.UTC(
      parts["year"]!,
      parts["month"]! - 1,
      parts["day"],
      parts["hour"],
      parts["minute"],
      parts["second"],
    );
    return local / 1000 - seconds;
  };
  const offsets = new Map<number, number | null>();
  return (time) => {
    const seconds = Math.floor(time);
    const day = Math.floor(seconds / secondsPerDay);
    let offset = offsets.get(day);
    if (offset === undefined) {
      const start = offsetAt(day * secondsPerDay);
      offset = start === offsetAt((day + 1) * secondsPerDay - 1) ? start : null;
      offsets.set(day, offset);
    }
    return Math.floor((seconds + (offset ?? offsetAt(seconds))) / secondsPerDay);
  };
}
