import type { LookUpOf, Ways } from "../toolkit/expression.js";
import { flat, shaped } from "../toolkit/plain.js";
import type { Value } from "../toolkit/value.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Rewriting } from "./rewriting.js";

/**
 * Look-ups in one table that are needed together are made as one. That applies to vectors side by
 * side (the target and the mean of the history), and to the history, whose look-up includes the
 * target's if that has not been made yet.
 */
export const sharedLookup: Rewriting = (below) => ({
  compute(value) {
    const { form, forward } = value;
    if (form.kind !== "concat" && form.kind !== "look-up") return below.compute(value);
    const needed = form.kind === "look-up" ? [value] : forward.ways.pending(value);
    const besides = needed.flatMap(({ form }) =>
      form.kind === "look-up" && form.beside !== undefined ? forward.ways.pending(form.beside) : [],
    );
    const byTable = new Map<Tensor, Set<Value>>();
    // The look-ups in `beside` come first: the target's before the history's.
    for (const each of [...besides, ...needed]) {
      const { table } = each.form as LookUpOf<Value>;
      byTable.set(table, (byTable.get(table) ?? new Set<Value>()).add(each));
    }
    for (const [table, values] of byTable) {
      if (values.size > 1) lookUpTogether(table, [...values], forward.ways);
    }
    return value.computed ? value.tensor : below.compute(value);
  },
});

function lookUpTogether(table: Tensor, values: readonly Value[], ways: Ways<Value>): void {
  const forms = values.map(({ form }) => form as LookUpOf<Value>);
  const ids = forms.map((form) => flat(form.ids));
  const found = tf.split(
    ways.lookUp(table, tf.concat(ids, 1)),
    ids.map(({ shape }) => shape[1]!),
    1,
  );
  values.forEach((value, i) => value.settle(shaped(forms[i]!, found[i]!)));
}
