import { describe, expect, it } from "vitest";
import { buildModel } from "../../../../../runners/stages/ctr/build.js";
import { GraphSession } from "../../../../../runners/stages/ctr/graph/graph-session.js";
import { crossEntropy } from "../../../../../runners/stages/ctr/toolkit/loss.js";
import { tf, type Tensor } from "../../../../../runners/stages/ctr/tensorflow.js";
import { batchOf, difference, labelsOf, smallShape, step, variants, forward } from "./models.js";

describe("a traced training step", () => {
  it.each(variants)("gives the loss and gradients of the eager one: $name", async (variant) => {
    const shape = smallShape(variant.backbone, "hea", { options: variant.options });
    const model = buildModel(shape, [1, 2]);
    const batch = batchOf(shape, 12, [3, 4]);
    const labels = labelsOf(batch);
    const eager = step(model, batch);
    const names: string[] = [];
    const run = (): Tensor[] => {
      let losses: Tensor | undefined;
      const { grads } = tf.variableGrads(
        () => {
          losses = tf.keep(crossEntropy(forward(model, batch, { training: true }).logits, labels));
          return tf.sum(losses) as never;
        },
        model.parameters.map(({ variable }) => variable),
      );
      names.length = 0;
      const gradients = model.parameters.flatMap(({ name, variable }) => {
        const gradient = grads[variable.name];
        if (gradient === undefined) return [];
        names.push(name);
        return [gradient];
      });
      return [losses!, ...gradients];
    };
    const session = await GraphSession.create({ step: { inputs: [], run } });
    const [losses, ...gradients] = session.run("step", []);
    expect(difference(losses!, eager.losses)).toBeLessThan(1e-5);
    expect(names).toEqual([...eager.gradients.keys()]);
    gradients.forEach((gradient, i) => {
      expect(difference(gradient, eager.gradients.get(names[i]!)!)).toBeLessThan(2e-4);
    });
    session.dispose();
    model.dispose();
    tf.dispose([batch as never, labels]);
  });
});
