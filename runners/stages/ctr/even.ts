/** Divides `count` into at most this many parts of about equal size; no part is empty. */
export function evenSizes(count: number, parts: number): number[] {
  const most = Math.min(count, parts);
  const end = (i: number): number => Math.round((i * count) / most);
  return Array.from({ length: most }, (_, i) => end(i + 1) - end(i));
}
