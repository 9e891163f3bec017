import { tf, type Tensor } from "../tensorflow.js";
import { batchOf } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { evenSizes } from "../even.js";
import type { ForwardMode, Model, Present } from "../model.js";
import { crossEntropy, crossEntropyOfPresent } from "../toolkit/loss.js";
import type { Distinct } from "./distinct.js";
import { ofDistinct, ofEachSample } from "./knowledge.js";

/** How the batch of a training step goes through the model. */
export interface PieceOptions {
  /** True where every sample has a history of full length before it. */
  readonly fullHistory: boolean;
  /**
   * In how many pieces the batch goes through the model, or, where the model needs it whole (batch statistics, samples that look at each other),
   * through the layers that do not: their operations run side by side and stay in the caches.
   */
  readonly pieces: number;
  /** The batch's different users and items, where a step makes each one's features once. */
  readonly distinct: Distinct | null;
  /** Which samples of the batch count; null where all do. */
  readonly present: Present | null;
  readonly noise: ForwardMode["noise"] | undefined;
}

/** Each replica's mean loss over a batch, float32 [R], and the new values of the model's state. */
export interface BatchLoss {
  readonly loss: Tensor;
  /** How many samples it is the mean of. */
  readonly samples: number | Tensor;
  readonly updates: readonly Tensor[];
}

/**
 * The loss of a batch, whose samples are given by row, int32 [R, B]: the model goes through one piece
 * of the batch after another, in training mode.
 */
export function lossInPieces(
  model: Model,
  columns: Columns,
  rows: Tensor,
  { fullHistory, pieces, distinct, present, noise }: PieceOptions,
): BatchLoss {
  const samples = rows.shape[1]!;
  const inOne = model.state.length > 0 || model.mixesSamples;
  const sizes = inOne ? [samples] : evenSizes(samples, pieces);
  const cut = (x: Tensor): Tensor[] => (sizes.length === 1 ? [x] : tf.split(x, sizes, 1));
  const all =
    distinct === null ? ofEachSample(model, columns, rows) : ofDistinct(model, columns, distinct);
  const masks = present === null ? null : cut(present.mask);
  const [users, items] = [all?.user, all?.item].map((features) => features && cut(features));
  let updates: readonly Tensor[] = [];
  const losses = cut(rows).map((part, i) => {
    const knowledge = users && items ? { user: users[i]!, item: items[i]! } : null;
    const { batch, label } = batchOf(columns, part, model.shape, fullHistory, knowledge);
    const of = present && { mask: masks![i]!, count: present.count };
    const result = model.forward(batch, {
      training: true,
      pieces: inOne ? pieces : 1,
      ...(of && { present: of }),
      ...(noise && { noise }),
    });
    updates = result.stateUpdates;
    if (of !== null) return crossEntropyOfPresent(result.logits, label, of);
    const loss = crossEntropy(result.logits, label);
    return sizes.length === 1 ? loss : tf.mul(loss, sizes[i]! / samples);
  });
  const loss = losses.length === 1 ? losses[0]! : tf.addN(losses);
  return { loss, samples: present?.count ?? samples, updates };
}
