import { faultIn, type Fault } from "../../../base/modules/place.js";
import { buildModel } from "../build.js";
import { adapted } from "../knowledge.js";
import type { Batch, FieldSlots, Model } from "../model.js";
import { tf, type Tensor } from "../tensorflow.js";
import type { Trial } from "./trial.js";

/**
 * The program of a process: tries the models in its argument, and prints the faults as one line of JSON,
 * the last one, since a module may print too.
 */
const trials = JSON.parse(process.argv[2]!) as readonly Trial[];
process.stdout.write(`\n${JSON.stringify(trials.flatMap(faultOf))}`);

function faultOf(trial: Trial): Fault[] {
  try {
    const model = buildModel(trial, [1]);
    for (const training of [false, true]) apply(model, trial, training);
    model.dispose();
    return [];
  } catch (error) {
    return [faultIn(trial.backbone, error)];
  }
}

/** Two samples, the second without a history. */
function apply(model: Model, trial: Trial, training: boolean): void {
  const { attributeFields: F, historyLength: H, knowledge, users, fields = [] } = trial;
  const slotsOf = (of: string, ...rows: number[]): FieldSlots => {
    const shape = [1, 2, ...rows, 2 * fields.filter((field) => field.of === of).length];
    return { ids: tf.ones(shape, "int32"), weights: tf.ones(shape) };
  };
  const whole = (values: readonly number[], ...shape: number[]): Tensor =>
    tf.tensor([...values], [1, 2, ...shape], "int32");
  const fill = (first: number, second: number, count: number): number[] =>
    [first, second].flatMap((value) => Array.from({ length: count }, () => value));
  const batch: Omit<Batch, "knowledge"> = {
    item: whole([1, 2]),
    itemAttributes: whole(fill(1, 2, F), F),
    historyItems: whole(fill(3, 0, H), H),
    historyAttributes: whole(fill(1, 0, H * F), H, F),
    historyRatings: whole(fill(4, 0, H), H),
    historyLength: whole([H, 0]),
    ...(users === undefined ? {} : { user: whole([1, 2]) }),
    ...(fields.length === 0
      ? {}
      : {
          fields: {
            ...{ user: slotsOf("user"), item: slotsOf("item"), context: slotsOf("context") },
            history: slotsOf("item", H),
          },
        }),
  };
  const vectors =
    knowledge === null
      ? null
      : { user: tf.ones([1, 2, knowledge.userDim]), item: tf.ones([1, 2, knowledge.itemDim]) };
  const { logits } = model.forward({ ...batch, knowledge: adapted(model, vectors) }, { training });
  if (logits.dataSync().some((logit) => !Number.isFinite(logit))) {
    throw new Error("a sample's logit is not a finite number");
  }
}
