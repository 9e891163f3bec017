import { createHash } from "node:crypto";
import type { ArtifactFacts } from "../contract/engine.js";
import type { StageRecord } from "../contract/records.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Json, JsonObject } from "../base/json.js";
import { canonicalJson, isJsonObject } from "../base/json.js";
import { redact, redactJson } from "../base/redact.js";
import type { KeptResult } from "../contract/runner.js";

/** One file of an artifact. */
export type ArtifactFile = {
  /** Relative to the artifact's folder, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
};

/** What an artifact is and holds: its `manifest.json`. A type alias, so that it is JSON by its type. */
export type Manifest = ArtifactFacts & {
  readonly format: typeof FORMAT;
  /** sha256 of the user's files, by name. */
  readonly sources: { readonly [name: string]: string };
  /** In code-unit order of their paths. */
  readonly files: readonly ArtifactFile[];
};

export const MANIFEST_FILE = "manifest.json";
export const FORMAT = "r4ec-artifact/1";

/** Makes the manifest of a stage's files. */
export function manifestOf(
  stage: StageRecord,
  result: KeptResult,
  files: readonly ArtifactFile[],
  times: { readonly created: Date; readonly seconds: number },
): Manifest {
  return {
    format: FORMAT,
    fingerprint: stage.fingerprint,
    runner: stage.runner,
    version: stage.version,
    label: redact(stage.label),
    params: redactJson(stage.params),
    inputs: stage.inputs,
    sources: stage.files,
    metrics: result.metrics,
    marks: result.marks ?? {},
    created: times.created.toISOString(),
    seconds: times.seconds,
    files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
    ...(result.surroundings !== undefined && { surroundings: redactJson(result.surroundings) }),
  };
}

const sumOf = (manifest: Json): string =>
  createHash("sha256").update(canonicalJson(manifest)).digest("hex");

/** The text of a manifest, including a checksum of the manifest itself. */
export const formatManifest = (manifest: Manifest): string =>
  `${JSON.stringify({ ...manifest, checksum: sumOf(manifest) }, null, 1)}\n`;

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
  if (!isManifest(manifest)) return "its manifest lacks a field, or a field has the wrong form";
  if (manifest.fingerprint !== fingerprint) return "its manifest belongs to another fingerprint";
  return manifest;
}

type Test = (value: Json | undefined) => boolean;

const isText: Test = (value) => typeof value === "string";
const isNumber: Test = (value) => typeof value === "number";
const mapOf =
  (test: Test): Test =>
  (value) =>
    isJsonObject(value) && Object.values(value).every(test);
const isFile: Test = (value) =>
  isJsonObject(value) &&
  isText(value["path"]) &&
  isText(value["sha256"]) &&
  isNumber(value["size"]);

/** One test for each field: a field that is added to the type and forgotten here does not compile. */
const TESTS: { readonly [field in keyof Manifest]-?: Test } = {
  format: (value) => value === FORMAT,
  fingerprint: isText,
  runner: isText,
  version: isNumber,
  label: isText,
  params: isJsonObject,
  inputs: mapOf(isText),
  sources: mapOf(isText),
  metrics: mapOf(isNumber),
  marks: mapOf(isText),
  created: isText,
  seconds: isNumber,
  files: (value) => Array.isArray(value) && value.every(isFile),
  surroundings: (value) => value === undefined || mapOf(isText)(value),
};

const isManifest = (value: JsonObject): value is Manifest =>
  Object.entries(TESTS).every(([field, test]) => test(value[field]));

/** The results that a manifest holds. */
export const resultOf = ({ metrics, marks, surroundings }: Manifest): KeptResult => ({
  metrics,
  ...(Object.keys(marks).length > 0 && { marks }),
  ...(surroundings !== undefined && { surroundings }),
});
