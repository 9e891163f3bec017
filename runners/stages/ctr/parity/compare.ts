import { buildModel } from "../build.js";
import { adapted } from "../knowledge.js";
import type { Model } from "../model.js";
import type { Rewrites } from "../rewrites/index.js";
import { crossEntropy } from "../toolkit/loss.js";
import { tf, type Tensor } from "../tensorflow.js";
import { AdamW } from "./adamw.js";
import type { Digest, GoldenCase } from "./case.js";
import {
  digest,
  loadBatch,
  loadParameters,
  placesOf,
  type LoadedBatch,
  type Places,
} from "./load.js";
import { shapeOf } from "./shape.js";
import { undecided } from "./undecided.js";

/** Largest error allowed, by what is compared. */
export const tolerances = {
  /** Absolute, of a probability. */
  prob: 1e-5,
  /** Relative. */
  loss: 1e-4,
  /**
   * Of a gradient's norm, sum and first numbers, relative to its norm, or to a thousandth of the
   * largest parameter's norm where that is more: a sum of terms that nearly cancel (the gradient of
   * Dice's one α) is no more exact than its terms.
   */
  gradient: 1e-3,
  /** Relative, of the five steps' losses. */
  losses: 1e-4,
  /** Of a parameter's norm, sum and first numbers after them, relative to its norm. */
  params: 1e-3,
} as const;
export type Compared = keyof typeof tolerances;

/** The largest error of one kind, and where it is. */
export interface Worst {
  readonly error: number;
  readonly where: string;
}

export interface CaseResult {
  readonly worst: Readonly<Record<Compared, Worst>>;
  /** What is beyond its tolerance. */
  readonly mismatches: readonly Compared[];
  /** Parameters whose values after the steps rounding decides, with the reason. */
  readonly leftOut: readonly { readonly name: string; readonly because: string }[];
}

/** Recomputes all that a golden case expects, and tells how far off it is. Throws if it can't. */
export function compareCase(golden: GoldenCase, rewrites?: Rewrites): CaseResult {
  const model = buildModel(shapeOf(golden), [0], undefined, rewrites);
  try {
    const places = placesOf(golden, model);
    loadParameters(golden, model, places);
    return compare(golden, model, places);
  } finally {
    model.dispose();
  }
}

function compare(golden: GoldenCase, model: Model, places: Places): CaseResult {
  const { expect, batches, optimizer } = golden;
  const worst = Object.fromEntries(
    Object.keys(tolerances).map((kind) => [kind, { error: 0, where: "" }]),
  ) as Record<Compared, Worst>;
  const note = (kind: Compared, error: number, where: string): void => {
    // A NaN is worse than any number.
    if (!(error <= worst[kind].error)) worst[kind] = { error, where };
  };
  const norms = Object.values(expect.grads).map((gradient) => gradient?.l2 ?? 0);
  const floors = { gradient: 1e-3 * Math.max(...norms), params: 1e-6 };
  const noteDigest = (
    kind: keyof typeof floors,
    name: string,
    ours: Digest,
    theirs: Digest,
  ): void => {
    const scale = Math.max(theirs.l2, floors[kind]);
    note(kind, Math.abs(ours.l2 - theirs.l2) / scale, name);
    note(kind, Math.abs(ours.sum - theirs.sum) / Math.max(scale, Math.abs(theirs.sum)), name);
    theirs.first.forEach((number, i) =>
      note(kind, Math.abs((ours.first[i] ?? NaN) - number) / scale, `${name}[${i}]`),
    );
  };

  const adamw = new AdamW(optimizer);
  batches.forEach((batch, step) => {
    const loaded = loadBatch(batch);
    const { loss, prob, gradients } = differentiate(model, loaded);
    if (step === 0) {
      expect.prob.forEach((p, i) => note("prob", Math.abs(p - prob[i]!), `sample ${i}`));
      note("loss", relative(loss, expect.loss), "");
      const values = read(gradients);
      for (const [name, theirs] of Object.entries(expect.grads)) {
        const place = places.get(name);
        if (theirs === null || place == null) continue;
        noteDigest("gradient", name, digest(place, values), theirs);
      }
    }
    note("losses", relative(loss, expect.losses[step] ?? NaN), `step ${step}`);
    adamw.apply(model.parameters, gradients);
    tf.dispose([loaded as never, [...gradients.values()]]);
  });
  adamw.dispose();

  const after = read(new Map(model.parameters.map(({ name, variable }) => [name, variable])));
  const leftOut: { name: string; because: string }[] = [];
  for (const [name, theirs] of Object.entries(expect.params_after)) {
    const because = undecided(golden, name);
    if (because !== null) leftOut.push({ name, because });
    else {
      const place = places.get(name);
      if (place != null) noteDigest("params", name, digest(place, after), theirs);
    }
  }
  const mismatches = (Object.keys(tolerances) as Compared[]).filter(
    (kind) => !(worst[kind].error <= tolerances[kind]),
  );
  return { worst, mismatches, leftOut };
}

/** Loss, probabilities and gradients (by our names) of a batch in training mode. */
function differentiate(
  model: Model,
  { inputs, vectors, labels }: LoadedBatch,
): { loss: number; prob: Float32Array; gradients: Map<string, Tensor> } {
  let prob = new Float32Array();
  const { value, grads } = tf.variableGrads(
    () => {
      const { logits } = model.forward(
        { ...inputs, knowledge: adapted(model, vectors) },
        { training: true },
      );
      prob = tf.sigmoid(logits).dataSync() as Float32Array<ArrayBuffer>;
      return tf.sum(crossEntropy(logits, labels)) as never;
    },
    model.parameters.map(({ variable }) => variable),
  );
  const gradients = new Map<string, Tensor>();
  for (const { name, variable } of model.parameters) {
    const gradient = grads[variable.name];
    if (gradient != null) gradients.set(name, gradient);
  }
  const loss = value.dataSync()[0]!;
  value.dispose();
  return { loss, prob, gradients };
}

function read(tensors: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]));
}

const relative = (ours: number, theirs: number): number =>
  Math.abs(ours - theirs) / Math.abs(theirs);
