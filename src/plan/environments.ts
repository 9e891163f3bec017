import { readFile } from "node:fs/promises";
import path from "node:path";
import type { StageToolchain } from "../contract/engine.js";
import type { StageRecord } from "../contract/records.js";
import type { Science } from "../contract/science.js";

/** The parts of the toolchain that stages need, and the environments among them with their contents. */
export async function toolchainOf(
  stages: Iterable<Pick<StageRecord, "runner" | "params">>,
  science: Pick<Science, "runner" | "environments">,
): Promise<StageToolchain> {
  const parts = new Set<string>();
  for (const { runner, params } of stages)
    for (const part of science.runner(runner)?.toolchain(params) ?? []) parts.add(part);
  const needed = science.environments.filter(({ part }) =>
    [...parts].some((one) => one.split(".")[0] === part),
  );
  const environments = await Promise.all(
    needed.map(async ({ part, name, lists }) => ({
      ...{ part, name },
      lists: Object.fromEntries(
        await Promise.all(
          lists.map(async (file) => [path.basename(file), await readFile(file, "utf8")] as const),
        ),
      ),
    })),
  );
  return { parts: [...parts].sort(), environments };
}
