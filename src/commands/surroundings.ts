import type { Fingerprint } from "../base/fingerprint.js";
import { ownSurroundings } from "../base/package.js";
import type { Config } from "../config/config.js";
import type { StageRecord } from "../contract/records.js";
import type { Surroundings } from "../contract/runner.js";
import type { Science } from "../contract/science.js";
import type { Difference, SurroundingsNow } from "../plan/index.js";
import { short } from "./plan.js";

/** What each of these stages would run in on this machine now; installs nothing. */
export async function surroundingsNow(
  stages: Iterable<StageRecord>,
  science: Science,
  config: Config,
): Promise<SurroundingsNow> {
  const { surroundingsOf } = await import("../toolchain/index.js");
  const byParts = new Map<string, Promise<Surroundings>>();
  const now = new Map<Fingerprint, Surroundings>();
  for (const { fingerprint, runner, params } of stages) {
    const parts = [...(science.runner(runner)?.toolchain(params) ?? [])].sort();
    const key = parts.join(" ");
    const found = byParts.get(key) ?? surroundingsOf(parts, science.environments, config);
    byParts.set(key, found);
    now.set(fingerprint, { ...ownSurroundings(), ...(await found) });
  }
  return now;
}

/** A difference in what stages run in, for people: checksums by their beginnings. */
export const surroundingsText = ({ name, before, now }: Difference): string =>
  `environment ${name}: ${shortSum(before)} → ${shortSum(now)}`;

const shortSum = (text: string | null): string =>
  text === null ? "none" : /^[0-9a-f]{64}$/.test(text) ? short(text) : text;

/** Sentences, each once, with how many stages it is said of. */
export function countedOnce(sentences: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of sentences) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}
