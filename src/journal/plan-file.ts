import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { SweepStarted } from "./events.js";
import { writeDurable } from "../base/durable.js";

type Kept = "specText" | "composition" | "resolved" | "cells" | "stages";

/**
 * A `sweep-started` as it stands in the journal's file: what is large and the same in every run of
 * the sweep (spec, cells, stages) lies in a file of its own, named by its sha256, written once.
 */
export type PlanReference = Omit<SweepStarted, Kept> & { readonly plan: string };

/** True for a {@link PlanReference}. */
export function isPlanReference(event: unknown): event is PlanReference {
  return (
    typeof event === "object" &&
    event !== null &&
    (event as { type?: unknown }).type === "sweep-started" &&
    typeof (event as { plan?: unknown }).plan === "string"
  );
}

const fileOf = (folder: string, plan: string): string =>
  path.join(folder, "plans", `${plan.slice(0, 16)}.json`);

/** Puts the plan of a `sweep-started` into its file, durably, and gives what the journal keeps. */
export async function writePlanFile(folder: string, event: SweepStarted): Promise<PlanReference> {
  const { specText, composition, resolved, cells, stages, ...rest } = event;
  const text = JSON.stringify({ specText, composition, resolved, cells, stages });
  const plan = createHash("sha256").update(text).digest("hex");
  const file = fileOf(folder, plan);
  const there = await stat(file).catch(() => null);
  if (there === null || (await hashOf(file)) !== plan) await writeDurable(file, text);
  return { ...rest, plan };
}

const hashOf = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

/** The plan files of a sweep as its journal is read. Runs of one sweep share their plan: the last one is kept. */
export class PlanFiles {
  #plan: string | null = null;
  #kept: Pick<SweepStarted, Kept> | null = null;

  constructor(private readonly folder: string) {}

  /** The whole event again, or why its plan file cannot be used. */
  async complete(reference: PlanReference): Promise<SweepStarted | { readonly damage: string }> {
    const { plan, ...rest } = reference;
    if (this.#plan !== plan) {
      const kept = await readKept(fileOf(this.folder, plan), plan);
      if ("damage" in kept) return kept;
      this.#plan = plan;
      this.#kept = kept;
    }
    return { ...rest, ...this.#kept! };
  }
}

async function readKept(
  file: string,
  plan: string,
): Promise<Pick<SweepStarted, Kept> | { readonly damage: string }> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    return { damage: `its plan ${file} cannot be read (${(error as Error).message})` };
  }
  if (createHash("sha256").update(content).digest("hex") !== plan) {
    return { damage: `its plan ${file} is damaged (its checksum does not match)` };
  }
  return JSON.parse(content.toString("utf8")) as Pick<SweepStarted, Kept>;
}
