import { createHash } from "node:crypto";
import type { StageRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import type { StageResult } from "../contract/runner.js";

/** One file of an artifact. */
export interface ArtifactFile {
  /** Relative to the artifact's folder, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** What an artifact is and holds: its `manifest.json`. */
export interface Manifest {
  readonly format: "r4ec-artifact/1";
  readonly fingerprint: Fingerprint;
  readonly runner: string;
  readonly version: number;
  readonly label: string;
  readonly params: JsonObject;
  /** Fingerprints of the input stages, by input name. */
  readonly inputs: { readonly [name: string]: Fingerprint };
  /** sha256 of the user's files, by name. */
  readonly sources: { readonly [name: string]: string };
  readonly metrics: StageResult["metrics"];
  readonly marks: { readonly [name: string]: string };
  /** When it was made, ISO 8601, and what that took. */
  readonly created: string;
  readonly seconds: number;
  /** In code-unit order of their paths. */
  readonly files: readonly ArtifactFile[];
}

export const MANIFEST_FILE = "manifest.json";
const FORMAT = "r4ec-artifact/1";

/** Makes the manifest of a stage's files. */
export function manifestOf(
  stage: StageRecord,
  result: StageResult,
  files: readonly ArtifactFile[],
  times: { readonly created: Date; readonly seconds: number },
): Manifest {
  return {
    format: FORMAT,
    fingerprint: stage.fingerprint,
    runner: stage.runner,
    version: stage.version,
    label: stage.label,
    params: stage.params,
    inputs: stage.inputs,
    sources: stage.files,
    metrics: result.metrics,
    marks: result.marks ?? {},
    created: times.created.toISOString(),
    seconds: times.seconds,
    files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

const sumOf = (manifest: Json): string =>
  createHash("sha256").update(canonicalJson(manifest)).digest("hex");

/** The text of a manifest, with a checksum of its own. */
export const formatManifest = (manifest: Manifest): string =>
  `${JSON.stringify({ ...manifest, checksum: sumOf(manifest as unknown as Json) }, null, 1)}\n`;

/** Reads a manifest's text; a string says what is wrong with it. */
export function parseManifest(text: string, fingerprint: Fingerprint): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "its manifest is not JSON";
  }
  if (!isJsonObject(value)) return "its manifest is not an object";
  const { checksum, ...manifest } = value;
  if (manifest["format"] !== FORMAT) return `its manifest's format is not ${FORMAT}`;
  if (checksum !== sumOf(manifest)) return "its manifest's checksum does not match";
  const known = manifest as unknown as Manifest;
  if (known.fingerprint !== fingerprint) return "its manifest belongs to another fingerprint";
  return known;
}

/** The results that stand in a manifest. */
export const resultOf = (manifest: Manifest): StageResult =>
  Object.keys(manifest.marks).length > 0
    ? { metrics: manifest.metrics, marks: manifest.marks }
    : { metrics: manifest.metrics };
