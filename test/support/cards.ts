import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";

/** PATH of a machine whose nvidia-smi tells of this many GPUs; none: it has no driver. */
export async function machineWithCards(folder: string, count: number): Promise<string> {
  const bin = await mkdtemp(path.join(folder, "bin-"));
  const told = Array.from({ length: count }, (_, index) => `echo ${index}`).join("\n");
  const body = count === 0 ? "exit 9" : told;
  await writeFile(path.join(bin, "nvidia-smi"), `#!/bin/sh\n${body}\n`);
  await chmod(path.join(bin, "nvidia-smi"), 0o755);
  return `${bin}${path.delimiter}${process.env["PATH"]}`;
}
