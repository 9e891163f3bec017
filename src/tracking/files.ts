import { stat } from "node:fs/promises";
import path from "node:path";
import type { Fingerprint } from "../base/fingerprint.js";
import type { ArtifactFile, Store } from "../store/index.js";
import { MANIFEST_FILE, readCurves } from "../store/index.js";
import type { ArtifactSource } from "./artifacts.js";
import type { StageFiles } from "./update.js";
import type { Metric } from "./values.js";

/** Bytes of a file that is small, and of all small files that are stored with one run. */
export const SMALL = { file: 128 * 2 ** 10, run: 8 * 2 ** 20 } as const;

/** A stage's artifact as a view finds it: whole, gone (gc), or damaged and why. */
export type Found =
  | { readonly state: "sound"; readonly folder: string; readonly files: readonly ArtifactFile[] }
  | { readonly state: "absent" }
  | { readonly state: "damaged"; readonly reason: string };

/** Looks at an artifact and checks its files: nothing is sent on that is not as it was made. */
export async function findArtifact(store: Store, stage: Fingerprint): Promise<Found> {
  const seen = await store.inspect(stage);
  if (seen.state === "absent") return { state: "absent" };
  const folder = store.artifactFolder(stage);
  return seen.state === "sound"
    ? { state: "sound", folder, files: seen.manifest.files }
    : { state: "damaged", reason: `its artifact is damaged: in ${folder} ${seen.reason}` };
}

/**
 * The files of an artifact that go to MLflow, the small ones first, and a listing of those that
 * stay in the store: names, sizes and sums. An artifact that is gone has a listing alone.
 */
export async function filesOf(
  { folder, choice }: StageFiles,
  found: Exclude<Found, { state: "damaged" }>,
): Promise<ArtifactSource[]> {
  if (found.state === "absent") {
    return [listing(folder, "the artifact is no longer there", [])];
  }
  const all = [...found.files].sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1));
  const files: ArtifactSource[] = [];
  const left: ArtifactFile[] = [];
  let bytes = 0;
  for (const file of all) {
    bytes += file.size;
    const small = file.size <= SMALL.file && bytes <= SMALL.run;
    if (choice === "none" || (choice === "small" && !small)) left.push(file);
    else files.push({ path: file.path, file: path.join(folder, file.path), size: file.size });
  }
  if (choice !== "none") {
    const manifest = path.join(folder, MANIFEST_FILE);
    const { size } = await stat(manifest);
    // It has the sums of all files, whatever stays behind.
    if (choice === "all" || size <= SMALL.run) {
      files.push({ path: MANIFEST_FILE, file: manifest, size });
    }
  }
  const reason =
    choice === "none"
      ? "tracking.mlflow.artifacts is none"
      : `larger than ${SMALL.file} bytes, or beyond ${SMALL.run} bytes in all`;
  return left.length === 0 ? files : [...files, listing(folder, reason, left)];
}

const listing = (folder: string, reason: string, left: readonly ArtifactFile[]): ArtifactSource => {
  const files = left.map(({ path: name, size, sha256 }) => ({ name, size, sha256 }));
  const text = `${JSON.stringify({ folder, reason, files }, null, 2)}\n`;
  return { path: "left-in-the-store.json", text };
};

/** The curves that an artifact keeps, as points of MLflow's metrics. */
export async function curvesOf(folder: string, timestamp: number): Promise<Metric[]> {
  const steps = await readCurves(folder);
  return steps.flatMap(({ step, values }) =>
    Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step })),
  );
}
