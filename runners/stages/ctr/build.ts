import { isJsonObject, type JsonObject } from "../../../src/base/json.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { Adaptor } from "./adaptors/adaptor.js";
import { adaptors } from "./adaptors/index.js";
import { backbones, loadedBackbone } from "./backbones/index.js";
import type { BuildModel, Model, ModelShape } from "./model.js";
import type { Backbone, Network } from "./toolkit/backbone.js";
import { sampleInput } from "./toolkit/input.js";
import type { Widths } from "./toolkit/context.js";
import { Kit } from "./toolkit/kit.js";
import { allRewrites } from "./rewrites/index.js";
import { waysOf } from "./rewrites/ways.js";
import { Forward } from "./toolkit/expression.js";
import { Parameters } from "./toolkit/parameters.js";
import { deviceOfProcess, tf } from "./tensorflow.js";
import { Value } from "./toolkit/value.js";

/**
 * Builds a model of `seeds.length` replicas. A backbone that is a module of the user's own is loaded
 * from its path (`shape.backbone`). Importing this module loads TensorFlow.
 */
export const buildModel: BuildModel = (
  given,
  seeds,
  device = deviceOfProcess(),
  rewrites = allRewrites,
) => {
  const backbone = loadedBackbone(given.backbone);
  const shape = { ...given, options: { ...defaultsOf(backbone), ...given.options } };
  const parameters = new Parameters(seeds);
  const kit = new Kit(parameters, shape, widthsOf(shape));
  const ways = waysOf(rewrites, device);
  const { knowledge, adaptor } = shape;
  let adapt: ReturnType<Adaptor["build"]> | null = null;
  if (knowledge !== null && adaptor !== null) {
    const widths = { user: knowledge.userDim, item: knowledge.itemDim };
    adapt = adaptors[adaptor.type].build(kit, widths, adaptor);
  }
  const read = sampleInput(kit);
  const network: unknown = backbone.build(kit, shape);
  if (!isNetwork(network)) {
    throw new Error(
      `build of ${backbone.id} returned ${told(network)}, not a function of a sample`,
    );
  }

  const mixesSamples = backbone.mixesSamples?.(shape.options) ?? false;
  const forward: Model["forward"] = (batch, mode) => {
    const pass = new Forward(mode, ways);
    const sample = read(batch, pass);
    const ended: unknown = network(sample);
    if (!(ended instanceof Value)) {
      throw new Error(
        `${backbone.id} returned ${told(ended)} for a sample, not a value of the kit`,
      );
    }
    const logits = ended.tensor;
    if (sample.usersUnread()) throw unreadUsers(backbone.id);
    const unread = sample.fieldsUnread();
    if (unread.length > 0) throw unreadFields(backbone.id, unread);
    const [replicas, samples, width] = logits.shape;
    if (logits.rank !== 3 || width !== 1) {
      throw new Error(
        `${backbone.id} must end in a vector of width 1: it ended in [${logits.shape.slice(2).join(", ")}]`,
      );
    }
    const stateUpdates = pass.updates(parameters.state);
    return { logits: tf.reshape(logits, [replicas!, samples!]), stateUpdates };
  };

  return {
    shape,
    device,
    rewrites,
    replicas: seeds.length,
    parameters: parameters.list,
    state: parameters.state,
    mixesSamples,
    // A module of the user's own may compute with a batch what no layer of the kit does.
    knowsPresent: Object.hasOwn(backbones, shape.backbone) && !mixesSamples,
    forward,
    adapt:
      adapt === null
        ? null
        : (subject, vectors) => {
            // Adaptors drop nothing out and keep no state, so training and scoring are the same.
            const pass = new Forward({ training: false }, ways);
            return adapt(subject, new Value(vectors, pass, true)).tensor;
          },
    starting: (given) => parameters.starting(given),
    dispose: () => parameters.dispose(),
  };
};

const isNetwork = (value: unknown): value is Network => typeof value === "function";

const told = (value: unknown): string =>
  value === undefined || value === null ? "nothing" : `something of type ${typeof value}`;

/** The error for a backbone that does not use the user although `ctr.user_id` is on. */
const unreadUsers = (id: string): UserError =>
  new UserError(
    `ctr.user_id is on, but the backbone ${id} reads neither sample.user nor sample.userId`,
    {
      exitCode: ExitCode.usage,
      hint: "read one of them (docs/adding-a-backbone.md), or set ctr.user_id: false",
    },
  );

/** The error for a backbone that uses none of the data set's fields of users and contexts. */
const unreadFields = (id: string, names: readonly string[]): UserError =>
  new UserError(
    `the data set has the fields ${names.join(", ")}, but the backbone ${id} reads neither sample.user nor sample.field(name)`,
    {
      exitCode: ExitCode.usage,
      hint: "read one of them (docs/adding-a-backbone.md), or leave the fields out of dataset",
    },
  );

/** Options that a spec may leave out: a user's own module is not part of the schema. */
function defaultsOf({ options }: Backbone): JsonObject {
  const { properties } = options;
  if (!isJsonObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) =>
      isJsonObject(schema) && schema["default"] !== undefined ? [[name, schema["default"]]] : [],
    ),
  );
}

function widthsOf({
  embeddingDim,
  attributeFields,
  users,
  fields = [],
  knowledge,
  adaptor,
}: ModelShape): Widths {
  const ofItem = fields.filter(({ of }) => of === "item").length;
  return {
    user: ((users === undefined ? 0 : 1) + fields.length - ofItem) * embeddingDim,
    target: (1 + attributeFields + ofItem) * embeddingDim,
    history: (2 + attributeFields + ofItem) * embeddingDim,
    knowledge: knowledge === null || adaptor === null ? 0 : 2 * adaptor.layers.at(-1)!,
  };
}
