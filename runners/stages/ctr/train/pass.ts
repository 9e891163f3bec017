import { tf, type Tensor, type Variable } from "../tensorflow.js";
import { batchOf, wholeRows, type AdaptedRows } from "../data/batch.js";
import type { Columns } from "../data/columns.js";
import { evenSizes } from "../even.js";
import type { ForwardMode, Model } from "../model.js";
import { crossEntropy } from "../toolkit/loss.js";
import { lookUp } from "../toolkit/operations.js";
import type { Distinct } from "./distinct.js";

/** How a training step goes through the model. */
export interface PassOptions {
  /** True where every sample has a history of full length before it. */
  readonly fullHistory: boolean;
  /**
   * In how many pieces the batch goes through the model, or, where batch statistics need it whole,
   * through the layers after them: their operations run side by side and stay in the caches.
   */
  readonly pieces: number;
  /** The batch's different users and items, where a step makes each one's features once. */
  readonly distinct: Distinct | null;
  readonly noise: ForwardMode["noise"] | undefined;
}

/** What a pass gives: each replica's mean loss [R], and the new values of the model's state. */
export interface Pass {
  readonly loss: Tensor;
  readonly samples: number;
  readonly updates: readonly Tensor[];
}

/** The loss of the samples given by row, int32 [R, B], in training mode. */
export function lossOf(
  model: Model,
  columns: Columns,
  rows: Tensor,
  { fullHistory, pieces, distinct, noise }: PassOptions,
): Pass {
  const samples = rows.shape[1]!;
  const whole = model.state.length > 0;
  const sizes = whole ? [samples] : evenSizes(samples, pieces);
  const cut = (x: Tensor): Tensor[] => (sizes.length === 1 ? [x] : tf.split(x, sizes, 1));
  const adapted = adaptedRows(model, columns, rows, distinct);
  const ofUsers = adapted === null ? null : cut(adapted.ofUsers);
  const ofItems = adapted === null ? null : cut(adapted.ofItems);
  let updates: readonly Tensor[] = [];
  const losses = cut(rows).map((part, i) => {
    const knowledge =
      ofUsers === null || ofItems === null ? null : { ofUsers: ofUsers[i]!, ofItems: ofItems[i]! };
    const { batch, label } = batchOf(columns, part, model.shape, fullHistory, knowledge);
    const passed = model.forward(batch, {
      training: true,
      pieces: whole ? pieces : 1,
      ...(noise && { noise }),
    });
    updates = passed.stateUpdates;
    const loss = crossEntropy(passed.logits, label);
    return sizes.length === 1 ? loss : tf.mul(loss, sizes[i]! / samples);
  });
  return { loss: losses.length === 1 ? losses[0]! : tf.addN(losses), samples, updates };
}

/** What the adaptor makes of each sample's user and item; null without knowledge. */
function adaptedRows(
  { adapt }: Model,
  columns: Columns,
  rows: Tensor,
  distinct: Distinct | null,
): AdaptedRows | null {
  const { userKnowledge, itemKnowledge } = columns;
  if (adapt === null || userKnowledge === null || itemKnowledge === null) return null;
  const of = (side: "user" | "item", table: Variable, ids: Tensor): Tensor =>
    adapt(side, tf.gather(table, ids as never));
  if (distinct === null) {
    return {
      ofUsers: of("user", userKnowledge, wholeRows(columns.user, rows)),
      ofItems: of("item", itemKnowledge, wholeRows(columns.item, rows)),
    };
  }
  return {
    ofUsers: lookUp(of("user", userKnowledge, distinct.users), distinct.userPlaces),
    ofItems: lookUp(of("item", itemKnowledge, distinct.items), distinct.itemPlaces),
  };
}
