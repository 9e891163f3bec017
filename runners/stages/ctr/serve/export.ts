import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tf } from "../tensorflow.js";
import type { FunctionInput, FunctionSpec } from "../graph/session.js";
import { dataTypeOf } from "../graph/node.js";
import { freeze } from "../graph/freeze.js";
import { writeSavedModel, type SignatureTensor } from "../graph/saved-model.js";
import { adapted } from "../knowledge.js";
import { readSampleRows } from "../../../base/artifacts/negatives.js";
import { fitFields } from "../../../base/fields/fit.js";
import { describedFields } from "../own-program/arrays/fields.js";
import type { Batch, FieldShape, Model, ModelShape } from "../model.js";
import { trainedModel } from "./score.js";
import type { TrainedCell } from "./trained.js";

/** Name and form of each input of an exported model; -1 is the batch. */
export interface ExportedInput {
  readonly name: string;
  readonly dtype: "int32" | "float32";
  readonly shape: readonly number[];
}

/**
 * Writes a trained cell as a TensorFlow SavedModel with its weights inside: signature
 * `serving_default`, from a batch's features to `score`. `r4ec.json` beside it holds model.json, and
 * `fields.json` what each id and weight of a field stands for, where there are fields.
 */
export async function exportModel(
  trained: TrainedCell,
  folder: string,
): Promise<readonly ExportedInput[]> {
  const model = trainedModel(trained);
  try {
    const inputs = inputsOf(model.shape);
    const frozen = freeze("r4ec", (batch) => functionOf(model, inputs, batch));
    const ends: { [name: string]: SignatureTensor } = {};
    inputs.forEach(({ name, dtype, shape }, i) => {
      const node = frozen.placeholders[i]!;
      ends[name] = { name: `${node}:0`, dtype: dataTypeOf(dtype), shape };
    });
    const [output] = frozen.outputs;
    await writeSavedModel(folder, frozen.nodes, {
      tag: "serve",
      signatures: {
        serving_default: {
          inputs: ends,
          outputs: { score: { name: output!.name, dtype: output!.dtype, shape: [-1] } },
        },
      },
    });
    await writeFile(join(folder, "r4ec.json"), `${JSON.stringify(trained.model, null, 2)}\n`);
    const fitted = fitFields(await readSampleRows(trained.dataset, trained.split));
    if (fitted !== null) {
      const described = JSON.stringify(describedFields(fitted), null, 2);
      await writeFile(join(folder, "fields.json"), `${described}\n`);
    }
    return inputs;
  } finally {
    model.dispose();
  }
}

function inputsOf({
  attributeFields,
  historyLength,
  users,
  fields = [],
  knowledge,
}: ModelShape): ExportedInput[] {
  const slots = (of: FieldShape["of"]): number =>
    fields.filter((field) => field.of === of).reduce((sum, field) => sum + field.slots, 0);
  const ids = (name: string, ...rest: number[]): ExportedInput => ({
    name,
    dtype: "int32",
    shape: [-1, ...rest],
  });
  const vectors = (name: string, dim: number): ExportedInput => ({
    name,
    dtype: "float32",
    shape: [-1, dim],
  });
  return [
    ids("item"),
    ids("item_attributes", attributeFields),
    ids("history_items", historyLength),
    ids("history_attributes", historyLength, attributeFields),
    ids("history_ratings", historyLength),
    ids("history_length"),
    ...(users === undefined ? [] : [ids("user")]),
    ...fieldPlaces(fields).flatMap((place): ExportedInput[] => {
      const rest = place === "history" ? [historyLength, slots("item")] : [slots(place)];
      const weights = { name: `${place}_field_weights`, dtype: "float32", shape: [-1, ...rest] };
      return [ids(`${place}_fields`, ...rest), weights as ExportedInput];
    }),
    ...(knowledge === null
      ? []
      : [
          vectors("user_knowledge", knowledge.userDim),
          vectors("item_knowledge", knowledge.itemDim),
        ]),
  ];
}

/** Places that fields are read at; fields of items are those of the history too. */
const fieldPlaces = (fields: readonly FieldShape[]): (FieldShape["of"] | "history")[] =>
  (["user", "item", "history", "context"] as const).filter((place) =>
    fields.some(({ of }) => of === (place === "history" ? "item" : place)),
  );

function functionOf(model: Model, inputs: readonly ExportedInput[], size: number): FunctionSpec {
  const places = fieldPlaces(model.shape.fields ?? []);
  return {
    inputs: inputs.map(({ dtype, shape }): FunctionInput => ({
      dtype,
      shape: [size, ...shape.slice(1)],
    })),
    run: (tensors) => {
      const given = new Map(
        tensors.map((tensor, i) => [inputs[i]!.name, tf.reshape(tensor, [1, ...tensor.shape])]),
      );
      const user = given.get("user");
      const vectors = given.get("user_knowledge") ?? null;
      const batch: Batch = {
        item: given.get("item")!,
        itemAttributes: given.get("item_attributes")!,
        historyItems: given.get("history_items")!,
        historyAttributes: given.get("history_attributes")!,
        historyRatings: given.get("history_ratings")!,
        historyLength: given.get("history_length")!,
        ...(user === undefined ? {} : { user }),
        ...(places.length === 0
          ? {}
          : {
              fields: Object.fromEntries(
                places.map((place) => [
                  place,
                  {
                    ids: given.get(`${place}_fields`)!,
                    weights: given.get(`${place}_field_weights`)!,
                  },
                ]),
              ),
            }),
        knowledge: adapted(model, vectors && { user: vectors, item: given.get("item_knowledge")! }),
      };
      const { logits } = model.forward(batch, { training: false, anyBatch: true });
      return [tf.reshape(tf.sigmoid(logits), [size])];
    },
  };
}
