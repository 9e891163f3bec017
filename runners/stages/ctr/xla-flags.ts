/**
 * What XLA is told for a card besides its defaults. A compiled step is a CUDA graph of some 150
 * kernels, of which many wait for none of the others: let them run side by side (1.5 times the
 * rate of one cell on an H100).
 */
const cardFlags = { "--xla_gpu_command_buffer_scheduling_mode": "CONCURRENT" } as const;

/** XLA_FLAGS with ours added, save those that are given already. */
export function withCardFlags(given: string | undefined): string {
  const flags = (given ?? "").split(/\s+/u).filter((flag) => flag !== "");
  const names = new Set(flags.map((flag) => flag.split("=")[0]));
  const added = Object.entries(cardFlags).filter(([name]) => !names.has(name));
  return [...flags, ...added.map(([name, value]) => `${name}=${value}`)].join(" ");
}
