import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { isJsonObject } from "../base/json.js";
import type { ArtifactSource } from "./artifacts.js";
import type { StageFiles } from "./update.js";
import type { Metric } from "./values.js";

/**
 * The files of a stage's artifact as artifacts of its run, the small ones first, up to the limit;
 * `left` names what stays in the store alone. An artifact that is gone (gc) gives none.
 */
export async function filesOf(
  stage: StageFiles,
): Promise<{ readonly files: ArtifactSource[]; readonly left: string | null }> {
  const names = await readdir(stage.folder, { recursive: true }).catch(() => null);
  if (names === null) {
    return { files: [], left: leftOf(stage.folder, "the artifact is no longer there", []) };
  }
  const found: { name: string; size: number }[] = [];
  for (const name of names) {
    const info = await stat(path.join(stage.folder, name)).catch(() => null);
    if (info?.isFile() === true)
      found.push({ name: name.split(path.sep).join("/"), size: info.size });
  }
  found.sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1));
  const files: ArtifactSource[] = [];
  const left: { name: string; size: number }[] = [];
  let bytes = 0;
  for (const { name, size } of found) {
    bytes += size;
    if (stage.limit !== null && bytes > stage.limit) left.push({ name, size });
    else files.push({ path: name, file: path.join(stage.folder, name) });
  }
  const reason = `more than ${stage.limit} bytes in all`;
  return { files, left: left.length === 0 ? null : leftOf(stage.folder, reason, left) };
}

const leftOf = (folder: string, reason: string, files: readonly object[]): string =>
  `${JSON.stringify({ folder, reason, files }, null, 2)}\n`;

/**
 * Points of the artifact's `curves.jsonl` (docs/artifacts.md): a line an epoch, every number in it
 * a metric at that epoch (or step).
 */
export async function curvesOf(folder: string, timestamp: number): Promise<Metric[]> {
  const text = await readFile(path.join(folder, "curves.jsonl"), "utf8").catch(() => "");
  const points: Metric[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      continue;
    }
    if (!isJsonObject(row)) continue;
    const step = row["epoch"] ?? row["step"];
    if (typeof step !== "number" || !Number.isSafeInteger(step)) continue;
    for (const [key, value] of Object.entries(row)) {
      if (key === "epoch" || key === "step" || typeof value !== "number") continue;
      points.push({ key, value, timestamp, step });
    }
  }
  return points;
}
