/**
 * What XLA is told for a card besides its defaults. A compiled step is a CUDA graph of some 150
 * kernels, of which many wait for none of the others: let them run side by side (1.5 times the
 * rate of one cell on an H100).
 *
 * Most of the time of compiling went into trying kernels: Triton's for every product, and cuBLAS's ways
 * for each. Without these trials, and with LLVM on several cores, DIN with HEA compiles in 4 s in place of 26,
 * with 15 s of processor time in place of 149 (docs/performance.md has what that costs in speed).
 *
 * A sum over thousands of rows for a few columns (the gradient of a narrow layer) is cut into parts that run
 * side by side, and added up (split-K): one cell trains a fifth faster so, 8 cells an eighth, and 32 no faster.
 */
const cardFlags = {
  "--xla_gpu_command_buffer_scheduling_mode": "CONCURRENT",
  "--xla_gpu_enable_triton_gemm": "false",
  "--xla_gpu_autotune_level": "0",
  "--xla_gpu_experimental_enable_split_k_rewrite": "true",
  "--xla_gpu_enable_llvm_module_compilation_parallelism": "true",
  "--xla_gpu_force_compilation_parallelism": "8",
} as const;

/** XLA_FLAGS with ours added, save those that are given already. */
export function withCardFlags(given: string | undefined): string {
  const flags = (given ?? "").split(/\s+/u).filter((flag) => flag !== "");
  const names = new Set(flags.map((flag) => flag.split("=")[0]));
  const added = Object.entries(cardFlags).filter(([name]) => !names.has(name));
  return [...flags, ...added.map(([name, value]) => `${name}=${value}`)].join(" ");
}
