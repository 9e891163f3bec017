/** A size of memory as Slurm reads it (sbatch(1), `--mem`), as a regular expression: `16G`. */
export const MEMORY_SIZE = "^\\d+[KMGT]?$";

/** Megabytes (2^20 bytes) of a size that {@link MEMORY_SIZE} matches; without a unit it is megabytes. */
export function megabytesOf(size: string): number {
  const [, count, unit] = /^(\d+)([KMGT]?)$/.exec(size)!;
  return Math.ceil(Number(count) * { K: 1 / 1024, "": 1, M: 1, G: 1024, T: 1024 ** 2 }[unit!]!);
}

/** Megabytes (2^20 bytes) as {@link megabytesOf} reads them: `16G`, `512M`. */
export const sizeText = (megabytes: number): string =>
  megabytes % 1024 === 0 ? `${megabytes / 1024}G` : `${megabytes}M`;
