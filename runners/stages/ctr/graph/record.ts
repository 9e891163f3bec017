import {
  nodeBackend,
  type EagerAttribute,
  type NodeBackend,
  type TensorInfo,
  tf,
  type Tensor,
  type Variable,
} from "../tensorflow.js";
import { CannotTrace } from "./cannot-trace.js";
import { intercept, withoutValues } from "./intercept.js";
import type { AdamScalars, FunctionSpec, Kernels } from "./session.js";
import {
  constant,
  DataType,
  dataTypeOf,
  shape,
  type,
  type Attribute,
  type GraphNode,
} from "./node.js";
import { operations } from "./operations.js";
import { outputsOf } from "./outputs.js";

/** A variable's place in the graph: the nodes that make its handle are the session's. */
export interface VariableNames {
  /** Name of the node that gives the variable's handle. */
  handleOf(variable: Variable): string;
}

/** The graph of one function. */
export interface Recording {
  readonly nodes: readonly GraphNode[];
  /** Placeholders, in the order of the function's inputs. */
  readonly placeholders: readonly string[];
  /** Values of the function's outputs, `node:output`. */
  readonly outputs: readonly { readonly name: string; readonly dtype: number }[];
  /** Nodes with an effect, which a call must wait for. */
  readonly effects: readonly string[];
}

interface Slot {
  /** `node:output`. */
  readonly name: string;
  /** False for values that depend on an input or a variable: reading them would freeze them. */
  readonly fixed: boolean;
}

/**
 * Records the operations that tfjs-node is to execute while a function runs once, and with them how they
 * hang together, as nodes of a TensorFlow graph. What depends on an input or a variable is not computed: its
 * tensors have a shape and no values ({@link outputsOf}). Variables that the function assigns to get their
 * values back afterwards.
 */
export class Recorder {
  readonly #backend: NodeBackend;
  readonly #prefix: string;
  readonly #variables: VariableNames;
  readonly #nodes: GraphNode[] = [];
  readonly #slots = new Map<object, Slot>();
  readonly #variableByData = new Map<object, Variable>();
  /** Nodes that read or update a variable, which its next update has to follow. */
  readonly #follow = new Map<Variable, readonly string[]>();
  /** Data of variables whose update is a node of its own already. */
  readonly #inPlace = new Set<object>();
  readonly #constants = new Map<string, string>();
  readonly #effects: string[] = [];

  constructor(prefix: string, variables: VariableNames) {
    this.#backend = nodeBackend();
    this.#prefix = prefix;
    this.#variables = variables;
  }

  /**
   * Runs `spec.run` once on `examples` and records it. Throws {@link CannotTrace}.
   *
   * @param ownKernels whether the function is given TensorFlow's kernels: XLA has no form of them
   */
  record(spec: FunctionSpec, examples: readonly Tensor[], ownKernels = false): Recording {
    const registered = Object.values(tf.engine().state.registeredVariables) as Variable[];
    const before = registered.map((variable) => ({
      variable,
      data: variable.dataId as object,
      copy: variable.clone(),
    }));
    for (const { variable, data } of before) this.#variableByData.set(data, variable);
    const placeholders = examples.map((example) => {
      const name = this.#add("Placeholder", [], {
        dtype: type(dataTypeOf(example.dtype)),
        shape: shape(example.shape),
      });
      this.#slots.set(example.dataId as object, { name: `${name}:0`, fixed: false });
      return name;
    });
    const kernels: Kernels = {
      adam: ownKernels ? (...step) => this.#applyAdam(...step) : null,
    };
    const restore = intercept(this.#backend, {
      outputs: (...operation) => this.#inform(...operation),
      done: (...operation) => this.#operation(...operation),
      reading: (dataId) => this.#refuseReading(dataId),
    });
    try {
      let recording: Recording | undefined;
      tf.tidy(() => {
        const outputs = spec.run(examples, kernels);
        // Assignments: variables whose data is no longer what it was.
        for (const { variable, data } of before) {
          const now = variable.dataId as object;
          if (variable.isDisposed || now === data || this.#inPlace.has(now)) continue;
          this.#assign(variable, this.#slotOf(now).name);
        }
        recording = {
          outputs: outputs.map((tensor) => ({
            name: this.#slotOf(tensor.dataId as object).name,
            dtype: dataTypeOf(tensor.dtype),
          })),
          placeholders,
          nodes: this.#nodes,
          effects: this.#effects,
        };
      });
      return recording!;
    } finally {
      restore();
      for (const { variable, data, copy } of before) {
        if ((variable.dataId as object) !== data) variable.assign(copy as Tensor as never);
        copy.dispose();
      }
    }
  }

  /** TensorFlow's own Adam step as a node ({@link AdamKernel}). */
  #applyAdam(
    variable: Variable,
    first: Variable,
    second: Variable,
    scalars: AdamScalars,
    gradient: Tensor,
  ): void {
    const { power1, power2, rate, beta1, beta2, epsilon } = scalars;
    const values = [power1, power2, rate, beta1, beta2, epsilon, gradient].map(
      (tensor) => this.#slotOf(tensor.dataId as object).name,
    );
    const targets = [variable, first, second];
    const update = this.#add(
      "ResourceApplyAdam",
      [
        ...targets.map((target) => `${this.#variables.handleOf(target)}:0`),
        ...values,
        ...targets.flatMap((target) => this.#after(target)),
      ],
      { T: type(DataType.float32), use_locking: { kind: "bool", value: true } },
    );
    this.#effects.push(update);
    for (const target of targets) this.#updatedInPlace(target, update);
  }

  /** From here on the variable's value is what is read after `update`. */
  #updatedInPlace(variable: Variable, update: string): void {
    const read = this.#add(
      "ReadVariableOp",
      [`${this.#variables.handleOf(variable)}:0`, `^${update}`],
      { dtype: type(dataTypeOf(variable.dtype)) },
    );
    this.#follow.set(variable, [update, read]);
    variable.assign(withoutValues(this.#backend, variable) as never);
    this.#slots.set(variable.dataId as object, { name: `${read}:0`, fixed: false });
    this.#inPlace.add(variable.dataId as object);
  }

  #assign(variable: Variable, value: string): void {
    this.#effects.push(
      this.#add(
        "AssignVariableOp",
        [`${this.#variables.handleOf(variable)}:0`, value, ...this.#after(variable)],
        { dtype: type(dataTypeOf(variable.dtype)) },
      ),
    );
  }

  #after(variable: Variable): string[] {
    return (this.#follow.get(variable) ?? []).map((node) => `^${node}`);
  }

  /**
   * The outputs of an operation that depends on an input or a variable, without values. Null where it does not
   * depend on them, or its shapes are not known: then it is executed.
   */
  #inform(
    op: string,
    attributes: readonly EagerAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor[] | null {
    if (inputs.every(({ dataId }) => this.#isFixed(dataId))) return null;
    const known = inputs.map(({ dataId, shape, dtype }) => ({
      shape,
      dtype,
      values: () => (this.#isFixed(dataId) ? this.#valuesOf(dataId) : null),
    }));
    const attribute = (name: string): unknown =>
      attributes.find((each) => each.name === name)?.value;
    return (
      outputsOf(op, known, attribute)?.map((form) => withoutValues(this.#backend, form)) ?? null
    );
  }

  #isFixed(dataId: object): boolean {
    return !this.#variableByData.has(dataId) && this.#slots.get(dataId)?.fixed !== false;
  }

  #refuseReading(dataId: object): void {
    if (this.#isFixed(dataId)) return;
    const name = this.#slots.get(dataId)?.name ?? "a variable";
    throw new CannotTrace(`the values of ${name} are read while the function runs`);
  }

  #operation(
    op: string,
    attributes: readonly EagerAttribute[],
    inputs: readonly TensorInfo[],
    outputs: readonly Tensor[],
  ): void {
    const known = operations.get(op);
    if (known === undefined) throw new CannotTrace(`no graph form of the operation ${op} is known`);
    const converted: { [name: string]: Attribute } = {};
    for (const attribute of attributes) {
      converted[attribute.name] = convert(attribute, this.#backend.binding);
    }
    for (const [name, index] of Object.entries(known.types)) {
      converted[name] ??= type(dataTypeOf(inputs.at(index)!.dtype));
    }
    const slots = inputs.map((input) => this.#slotOf(input.dataId));
    const node = this.#add(
      op,
      slots.map((slot) => slot.name),
      converted,
    );
    const fixed = slots.every((slot) => slot.fixed) && !op.startsWith("Stateless");
    outputs.forEach((output, i) => {
      this.#slots.set(output.dataId as object, { name: `${node}:${i}`, fixed });
    });
  }

  /** Where a tensor's value comes from: a node already recorded, a variable, or a constant. */
  #slotOf(dataId: object): Slot {
    const known = this.#slots.get(dataId);
    if (known !== undefined) return known;
    const variable = this.#variableByData.get(dataId);
    const slot =
      variable === undefined
        ? { name: this.#constant(dataId), fixed: true }
        : { name: this.#readVariable(variable), fixed: false };
    this.#slots.set(dataId, slot);
    return slot;
  }

  #readVariable(variable: Variable): string {
    const name = this.#add("ReadVariableOp", [`${this.#variables.handleOf(variable)}:0`], {
      dtype: type(dataTypeOf(variable.dtype)),
    });
    this.#follow.set(variable, [name]);
    return `${name}:0`;
  }

  #valuesOf(dataId: object): Float32Array | Int32Array | Uint8Array {
    const values = this.#backend.readSync(dataId);
    if (Array.isArray(values)) throw new CannotTrace("a constant of strings");
    return values;
  }

  #constant(dataId: object): string {
    const info = this.#backend.tensorMap.get(dataId);
    const values = this.#valuesOf(dataId);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    const small = bytes.length <= 256;
    const key = small
      ? `${info.dtype}[${info.shape.join()}]${Buffer.from(bytes).toString("latin1")}`
      : "";
    const same = small ? this.#constants.get(key) : undefined;
    if (same !== undefined) return same;
    const name = `${this.#prefix}/c${this.#nodes.length}`;
    this.#nodes.push(constant(name, { dtype: info.dtype, shape: [...info.shape], bytes }));
    if (small) this.#constants.set(key, `${name}:0`);
    return `${name}:0`;
  }

  #add(
    op: string,
    inputs: readonly string[],
    attributes: { readonly [name: string]: Attribute },
  ): string {
    const name = `${this.#prefix}/${op}_${this.#nodes.length}`;
    this.#nodes.push({ name, op, inputs, attributes });
    return name;
  }
}

function convert(
  { name, type: kind, value }: EagerAttribute,
  binding: { readonly [constant: string]: number },
): Attribute {
  switch (kind) {
    case binding["TF_ATTR_TYPE"]:
      return type(value as number);
    case binding["TF_ATTR_INT"]:
      return Array.isArray(value)
        ? { kind: "ints", value: value as number[] }
        : { kind: "int", value: Number(value) };
    case binding["TF_ATTR_FLOAT"]:
      return Array.isArray(value)
        ? { kind: "floats", value: value as number[] }
        : { kind: "float", value: Number(value) };
    case binding["TF_ATTR_BOOL"]:
      return { kind: "bool", value: Boolean(value) };
    case binding["TF_ATTR_STRING"]:
      return { kind: "string", value: String(value) };
    case binding["TF_ATTR_SHAPE"]:
      return shape(value as number[]);
    default:
      throw new CannotTrace(`the attribute ${name} has a type that no graph form is known of`);
  }
}
