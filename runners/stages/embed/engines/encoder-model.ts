import { readFileSync } from "node:fs";
import path from "node:path";
import type { TensorFlow } from "../../../base/tensorflow.js";
import { loadTensorFlow } from "../../../base/tensorflow.js";
import { embeddingPackageFolder } from "./encoder-package.js";
import type { Embedder } from "./engine.js";
import { UnigramTokenizer } from "./tokenizer.js";
import type { Vocabulary } from "./tokenizer.js";

/** Tokens (padding included) of one call of the model: large enough to keep the cores busy. */
const TOKENS_PER_CALL = 4096;

/** The encoder's tokenizer. */
export function encoderTokenizer(): UnigramTokenizer {
  const file = path.join(embeddingPackageFolder(), "vocab.json");
  const pieces = JSON.parse(readFileSync(file, "utf8")) as [string, number | null][];
  // Pieces stand in order of their scores, and those of seven pieces with a colon were lost when
  // the package was made: each lies between its neighbours'.
  pieces.forEach((piece, id) => (piece[1] ??= pieces[id - 1]![1]));
  return new UnigramTokenizer(pieces as Vocabulary);
}

/** Loads the encoder into this process's TensorFlow. */
export async function loadEncoder(maxTokens: number): Promise<Embedder> {
  const tf = loadTensorFlow();
  const model = await tf.loadGraphModel(
    `file://${path.join(embeddingPackageFolder(), "model.json")}`,
  );
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
