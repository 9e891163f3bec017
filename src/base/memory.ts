import { readFileSync } from "node:fs";

/** Files in which Linux counts the processes that it ended since memory was full. */
const COUNTERS = [
  "/proc/vmstat",
  "/sys/fs/cgroup/memory.events",
  "/sys/fs/cgroup/memory/memory.oom_control",
];

/**
 * How many processes the kernel has ended since memory was full, on the whole machine and in this
 * container. The number says something only beside an earlier one. 0 on a system that does not count.
 */
export function memoryKills(files: readonly string[] = COUNTERS): number {
  let kills = 0;
  for (const file of files) {
    try {
      kills += Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
    } catch {
      // The system has no such file.
    }
  }
  return kills;
}
