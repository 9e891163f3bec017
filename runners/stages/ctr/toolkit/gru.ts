import { project } from "./dense.js";
import { inverseRoot, zeros, type Initial } from "./initial.js";
import type { LayerContext } from "./context.js";
import { broadcast } from "./operations.js";
import { differentiable, execute, tf, type Tensor } from "../tensorflow.js";
import type { Value } from "./value.js";

/** How the attention weight a is used: not at all (GRU), as the update gate (AGRU), or times it (AUGRU). */
export type CellKind = "GRU" | "AGRU" | "AUGRU";

export interface GruOptions {
  readonly kind?: CellKind;
  /** Input and hidden projection share one bias vector. */
  readonly sharedBias?: boolean;
}

export interface GruInput {
  /** Rows of width 1: a weight per step, for the attentional kinds. */
  readonly weights?: Value;
  /** Rows of width 1: where it is 0 the state stays as it was. */
  readonly mask?: Value;
}

/** The state after each row, as vectors in order. */
export type Gru = (rows: Value, input?: GruInput) => Value[];

/** Gated recurrent unit over rows, gates in the order reset, update, new. */
export function gru(
  kit: LayerContext,
  name: string,
  from: number,
  hidden: number,
  { kind = "GRU", sharedBias = false }: GruOptions = {},
): Gru {
  const step = gruCell(kit, name, from, hidden, { kind, sharedBias });
  return (rows, { weights, mask } = {}) => {
    const inputs = step.input(rows).eachRow();
    const weightOf = weights?.eachRow();
    const maskOf = mask?.eachRow();
    const states: Value[] = [];
    let state: Value | null = null;
    inputs.forEach((input, i) => {
      const next: Value = step.next(input, state, weightOf?.[i]);
      const keep = maskOf?.[i];
      if (keep === undefined) state = next;
      else state = state === null ? next.mul(keep) : next.sub(state).mul(keep).add(state);
      states.push(state);
    });
    return states;
  };
}

/** One step of a GRU, in two parts, so that the inputs of all rows are projected by one product. */
export interface GruCell {
  /** The part of the gates that comes from the input: for a vector, or for all rows at once. */
  input(value: Value): Value;
  /** The next state; a state of null is zero. */
  next(projected: Value, state: Value | null, weight?: Value): Value;
}

export function gruCell(
  kit: LayerContext,
  name: string,
  from: number,
  hidden: number,
  { kind = "GRU", sharedBias = false }: GruOptions = {},
): GruCell {
  // The reference does not initialise its attentional cells; here they start like the others.
  const start: Initial = inverseRoot(hidden);
  const attentional = kind !== "GRU";
  const { parameters } = kit;
  const wx = parameters.add(`${name}.input.kernel`, [from, 3 * hidden], start, true);
  const wh = parameters.add(`${name}.hidden.kernel`, [hidden, 3 * hidden], start, true);
  const biasStart = attentional ? zeros : start;
  const bx = sharedBias
    ? parameters.add(`${name}.bias`, [3 * hidden], biasStart, false)
    : parameters.add(`${name}.input.bias`, [3 * hidden], biasStart, false);
  const bh = sharedBias
    ? bx
    : parameters.add(`${name}.hidden.bias`, [3 * hidden], biasStart, false);
  return {
    input: (value) => project(value, wx, bx),
    next: (projected, state, weight) => {
      const gates = state === null ? spread(bh, projected.tensor) : project(state, wh, bh).tensor;
      const old = state === null ? tf.zeros([...gates.shape.slice(0, 2), hidden]) : state.tensor;
      return projected.made(cell(kind, projected.tensor, gates, old, weight?.tensor));
    },
  };
}

/** A bias [R, n], repeated for every sample of `like` [R, B, n]. */
function spread(bias: Tensor, like: Tensor): Tensor {
  const [replicas, , width] = like.shape as [number, number, number];
  const shape = like.shape;
  return differentiable(
    [bias],
    () => broadcast(tf.reshape(bias, [replicas, 1, width]), shape),
    (dy) => [tf.sum(dy, 1)],
  );
}

const float = { T: "float32" } as const;

/**
 * r, z = σ(x + h) of their gates, n = tanh(xₙ + r · hₙ), then with the old state s and weight a
 *   GRU: z s + (1 − z) n; AGRU: (1 − a) s + a n; AUGRU: the same with a z in place of a
 * (Zhou et al. 2019, DIEN, eqs. 2 to 5 and 11, 12). x and h are [R, B, 3 · hidden] or have rows too.
 */
function cell(kind: CellKind, x: Tensor, h: Tensor, state: Tensor, weight?: Tensor): Tensor {
  if ((kind !== "GRU") !== (weight !== undefined)) {
    throw new Error(`${kind} ${weight === undefined ? "needs" : "takes no"} attention weights`);
  }
  const hidden = state.shape.at(-1)!;
  const inputs = [x, h, state, ...(weight === undefined ? [] : [weight])];
  return differentiable(
    inputs,
    (save) => {
      const [xGates, xNew] = tf.split(x, [2 * hidden, hidden], -1) as [Tensor, Tensor];
      const [hGates, hNew] = tf.split(h, [2 * hidden, hidden], -1) as [Tensor, Tensor];
      const gates = tf.sigmoid(tf.add(xGates, hGates));
      const [reset, update] = tf.split(gates, 2, -1) as [Tensor, Tensor];
      const fresh = tf.tanh(tf.add(xNew, tf.mul(reset, hNew)));
      const share = shareOfNew(kind, update, weight);
      save([reset, update, fresh, hNew, state, share, ...(weight === undefined ? [] : [weight])]);
      return tf.add(state, tf.mul(share, tf.sub(fresh, state)));
    },
    (dy, saved) => {
      const [reset, update, fresh, hNew, state, share, weight] = saved as Tensor[] as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor | undefined,
      ];
      const dFreshShare = tf.mul(dy, share);
      const dState = tf.sub(dy, dFreshShare);
      const dInner = execute("TanhGrad", float, [fresh, dFreshShare]);
      const dReset = execute("SigmoidGrad", float, [reset, tf.mul(dInner, hNew)]);
      const dShare = tf.mul(dy, tf.sub(fresh, state));
      const dHidden = tf.mul(dInner, reset);
      let dUpdate: Tensor;
      let dWeight: Tensor | undefined;
      if (kind === "GRU") {
        dUpdate = execute("SigmoidGrad", float, [update, tf.neg(dShare)]);
      } else if (kind === "AGRU") {
        dUpdate = tf.zerosLike(update);
        dWeight = tf.sum(dShare, -1, true);
      } else {
        dUpdate = execute("SigmoidGrad", float, [update, tf.mul(dShare, weight!)]);
        dWeight = tf.sum(tf.mul(dShare, update), -1, true);
      }
      return [
        tf.concat([dReset, dUpdate, dInner], -1),
        tf.concat([dReset, dUpdate, dHidden], -1),
        dState,
        ...(dWeight === undefined ? [] : [dWeight]),
      ];
    },
  );
}

/** The share of the new values in the next state. */
function shareOfNew(kind: CellKind, update: Tensor, weight: Tensor | undefined): Tensor {
  if (kind === "GRU") return tf.sub(1, update);
  return kind === "AGRU" ? weight! : tf.mul(weight!, update);
}
