import { setTimeout as sleep } from "node:timers/promises";
import type { StopSignal } from "../../../src/contract/runner.js";
import { Drained } from "../../../src/contract/runner.js";
import { ProgramFailure } from "../python/failure.js";
import type { ProcessTree } from "../python/run.js";

/**
 * Waits until a server lists its models, and names the first. Rejects with {@link ProgramFailure}
 * where it ends or is not up in time, with {@link Drained} after a stop.
 */
export async function untilUp(
  stop: StopSignal,
  tree: ProcessTree,
  server: {
    /** For messages. */
    readonly name: string;
    readonly baseUrl: string;
    readonly startTimeoutSeconds: number;
  },
): Promise<string> {
  const { name, baseUrl, startTimeoutSeconds } = server;
  const deadline = Date.now() + startTimeoutSeconds * 1000;
  let ended = false;
  void tree.ended.then(() => (ended = true));
  while (Date.now() < deadline) {
    if (stop.draining || stop.abort.aborted) throw new Drained();
    if (ended) throw new ProgramFailure(name, await tree.ended);
    const model = await listedModel(baseUrl);
    if (model !== null) return model;
    await sleep(250);
  }
  throw new ProgramFailure(name, {
    exitCode: null,
    signal: null,
    stderrTail: `it did not answer at ${baseUrl} within ${startTimeoutSeconds} s (start_timeout_seconds)`,
  });
}

/** The first model that a server lists; null where it does not answer, `default` where it lists none. */
export async function listedModel(address: string): Promise<string | null> {
  try {
    const response = await fetch(`${address}/models`, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) return null;
    const list = (await response.json()) as { readonly data?: readonly { readonly id: string }[] };
    return list.data?.[0]?.id ?? "default";
  } catch {
    // Not there yet.
    return null;
  }
}
