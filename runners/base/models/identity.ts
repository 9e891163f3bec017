import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { taggedHash } from "../../../src/base/fingerprint.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";

/*
 * What tells answers and vectors apart that outlive a stage: the model, its adapter and options, and
 * the text that it was given. Two stages with equal identities share what is kept.
 */

/**
 * Identity of a stage's model: its name and revision, its package and version, or a hash over the
 * files of its folder. Of a file beyond 64 MB only samples are hashed, to be fast: two sets of
 * weights differ everywhere.
 *
 * @param key name of the model among the stage's parameters and files: `model`
 */
export function modelIdentity(key: string, task: Pick<StageTask, "params" | "files">): JsonObject {
  const params = task.params[key] as JsonObject;
  if (params["folder"] !== true) return params;
  const hash = createHash("sha256");
  for (const name of Object.keys(task.files).sort()) {
    if (!name.startsWith(`${key}/`)) continue;
    hash.update(`${name}\n`);
    hashFile(task.files[name]!, hash);
  }
  return { sha256: hash.digest("hex") };
}

const WHOLE = 1 << 26;
const SAMPLE = 1 << 16;
const SAMPLES = 64;

function hashFile(file: string, hash: Hash): void {
  const size = statSync(file).size;
  hash.update(`${size}\n`);
  if (size <= WHOLE) {
    hash.update(readFileSync(file));
    return;
  }
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(SAMPLE);
    for (let n = 0; n < SAMPLES; n++) {
      readSync(handle, buffer, 0, SAMPLE, Math.floor(((size - SAMPLE) * n) / (SAMPLES - 1)));
      hash.update(buffer);
    }
  } finally {
    closeSync(handle);
  }
}

/**
 * Identity of an adapter: the fingerprint of the stage that trained it, `none` where the base model
 * answers.
 *
 * @param folder the adapter's artifact, or null
 */
export function adapterIdentity(folder: string | null): string {
  if (folder === null) return "none";
  const manifest = path.join(folder, "manifest.json");
  if (!existsSync(manifest)) return path.basename(folder);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly fingerprint: string })
    .fingerprint;
}

/** The key of an answer: the hash of all that decides it (model, options, prompt, number of the try). */
export const answerKey = (asked: Json): string => taggedHash("answer", asked);

/** Name of the folder that keeps the answers of one model with its options. */
export const answerFolder = (identity: Json): string =>
  `answers-${answerKey({ answers: identity }).slice(0, 32)}`;

/** The key of a vector: the hash of its text. Model and options name the folder. */
export const vectorKey = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Name of the folder that keeps the vectors of one model with its options. */
export const vectorFolder = (identity: Json): string =>
  `vectors-${taggedHash("vectors", identity).slice(0, 32)}`;
