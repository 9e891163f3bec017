import { tf } from "../tensorflow.js";
import { batchOf } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { evenSizes } from "../even.js";
import type { Session, FunctionSpec } from "../graph/session.js";
import type { Model, ModelShape } from "../model.js";
import { AdaptedKnowledge, type AdaptedTables } from "./adapted.js";
import { ofEachSample, ofTables } from "./knowledge.js";

/** How samples are scored. */
export interface ScoringOptions {
  /** Samples that one call scores. */
  readonly scoreBatch: number;
  /** Samples that go through the model as one piece: a call's pieces run side by side. */
  readonly pieceSize: number;
  /** True where every sample has a history of full length before it. */
  readonly fullHistory: boolean;
  /** How many samples a call of `score` may be for; by default any number. */
  readonly counts?: readonly number[];
  /** False where compiling would not save time. */
  readonly compileScoring?: boolean;
}

/** A row that tracing can use: one with a full history if every sample has one. */
export const exampleRow = ({ historyLength }: ModelShape, fullHistory: boolean): number =>
  fullHistory ? historyLength : 0;

/** The scoring of samples by all replicas of a model, as functions for a session. */
export class Scoring {
  readonly functions: { readonly [name: string]: FunctionSpec };
  readonly #adapted: AdaptedKnowledge | null;
  readonly #replicas: number;
  readonly #batch: number;

  constructor(model: Model, columns: Columns, options: ScoringOptions) {
    const { scoreBatch, pieceSize, fullHistory, counts } = options;
    const { compileScoring: compile = true } = options;
    const { replicas, shape } = model;
    this.#adapted = AdaptedKnowledge.of(model, columns);
    this.#replicas = replicas;
    this.#batch = scoreBatch;
    const score = (tables: () => AdaptedTables | null): FunctionSpec => ({
      compile,
      inputs: [{ shape: [scoreBatch], dtype: "int32", example: exampleRow(shape, fullHistory) }],
      run: ([rows]) => {
        const adapted = tables();
        const sizes = evenSizes(scoreBatch, Math.ceil(scoreBatch / pieceSize));
        const parts = tf.split(rows!, sizes, 0).map((part) => {
          const each = tf.tile(tf.expandDims(part, 0), [replicas, 1]);
          const knowledge =
            adapted === null
              ? ofEachSample(model, columns, each)
              : ofTables(adapted, columns, each);
          const { batch } = batchOf(columns, each, shape, fullHistory, knowledge);
          return tf.sigmoid(model.forward(batch, { training: false }).logits);
        });
        return [parts.length === 1 ? parts[0]! : tf.concat(parts, 1)];
      },
    });
    const adapted = this.#adapted;
    if (adapted === null) {
      this.functions = { score: score(() => null) };
      return;
    }
    const inOneCall = (count: number): boolean => count <= scoreBatch;
    this.functions = {
      ...(counts?.every(inOneCall) !== true && {
        adapt: { ...adapted.spec, compile },
        score: score(() => adapted.tables),
      }),
      ...(counts?.some(inOneCall) !== false && { adapt_and_score: score(adapted.make) }),
    };
  }

  /** Scores of all replicas for samples given by row, in [0, 1]; each [rows.length]. */
  score(session: Session, rows: Int32Array): Float32Array[] {
    const scores = Array.from({ length: this.#replicas }, () => new Float32Array(rows.length));
    const once = rows.length <= this.#batch;
    if (this.#adapted !== null && !once) session.run("adapt", []);
    const name = this.#adapted !== null && once ? "adapt_and_score" : "score";
    // The last batch is filled up with its first row, since a score does not depend on the other
    // samples.
    const chunk = new Int32Array(this.#batch);
    for (let at = 0; at < rows.length; at += this.#batch) {
      const part = rows.subarray(at, at + this.#batch);
      chunk.fill(part[0]!).set(part);
      const [values] = session.run(name, [chunk]);
      scores.forEach((all, replica) => {
        const from = replica * this.#batch;
        all.set((values as Float32Array).subarray(from, from + part.length), at);
      });
    }
    return scores;
  }

  dispose(): void {
    this.#adapted?.dispose();
  }
}
