import { distance } from "fastest-levenshtein";

/**
 * The candidate that was most probably meant, or null. Knows slips of the keyboard, other spellings
 * (`learningRate`), initials (`lr`), and a setting's last part without its block.
 */
export function suggest(written: string, candidates: Iterable<string>): string | null {
  const key = plain(written);
  let best: string | null = null;
  let bestScore = Infinity;
  for (const candidate of candidates) {
    const last = candidate.slice(candidate.lastIndexOf(".") + 1);
    const scores = [
      scoreOf(key, plain(candidate)),
      candidate.includes(".") ? scoreOf(lastPart(key, written), plain(last)) + 0.5 : Infinity,
      initials(last) === written.toLowerCase() && written.length > 1 ? 1 : Infinity,
    ];
    const score = Math.min(...scores);
    if (
      score < bestScore ||
      (score === bestScore && best !== null && candidate.length < best.length)
    ) {
      best = candidate;
      bestScore = score;
    }
  }
  return bestScore === Infinity ? null : best;
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(written: string, candidates: Iterable<string>): string {
  const meant = suggest(written, candidates);
  return meant === null ? "" : `; did you mean ${meant}?`;
}

// A slip is worth at most a third of the word, so that short words don't attract everything.
function scoreOf(written: string, candidate: string): number {
  if (written === candidate) return 0;
  const allowed = Math.max(1, Math.floor(written.length / 3));
  if (Math.abs(written.length - candidate.length) > allowed) return Infinity;
  const edits = isSwapped(written, candidate) ? 1 : distance(written, candidate);
  return edits <= allowed ? edits : Infinity;
}

/** True where two neighbouring letters changed places. */
function isSwapped(written: string, candidate: string): boolean {
  if (written.length !== candidate.length) return false;
  const at = [...written].findIndex((letter, index) => letter !== candidate[index]);
  const swapped =
    written.slice(0, at) + (written[at + 1] ?? "") + (written[at] ?? "") + written.slice(at + 2);
  return at >= 0 && swapped === candidate;
}

// Case, dashes and underscores are spelling, not meaning. Case by code point, never by locale.
const plain = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, "");

const lastPart = (key: string, written: string): string =>
  written.includes(".") ? plain(written.slice(written.lastIndexOf(".") + 1)) : key;

const initials = (name: string): string | null =>
  name.includes("_")
    ? name
        .split("_")
        .map((word) => word.charAt(0))
        .join("")
    : null;
