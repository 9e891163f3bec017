/** `count` in so many parts of about equal size, or fewer where there is not one for each. */
export function evenSizes(count: number, parts: number): number[] {
  const most = Math.min(count, parts);
  const end = (i: number): number => Math.round((i * count) / most);
  return Array.from({ length: most }, (_, i) => end(i + 1) - end(i));
}
