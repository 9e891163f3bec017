import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeBackend, type NodeBackend, tf, type Tensor, type Variable } from "../tensorflow.js";
import { turns, type Session, type FunctionSpec, type Numbers } from "./session.js";
import { compiledFunction, type LibraryFunction } from "./library.js";
import { dataTypeOf, type, type GraphNode } from "./node.js";
import { Recorder, type Recording } from "./record.js";
import { writeSavedModel } from "./saved-model.js";
import { withoutGrappler } from "./grappler.js";
import { doneNodes, variableNodes } from "./variable-nodes.js";
import { holdsZeros } from "./zeros.js";

interface Traced {
  readonly spec: FunctionSpec;
  readonly placeholders: readonly { name: string }[];
  /** Fetches: the outputs, or the node that waits for all effects. */
  readonly fetches: readonly string[];
  readonly outputs: number;
  /** True where a loop is part of the graph. */
  readonly loops: boolean;
}

const tag = "train";

/** How a session is made. */
export interface GraphOptions {
  /** Compile every function as one program with XLA. */
  readonly xla?: boolean;
}

/**
 * Functions traced into one TensorFlow graph over shared variables, and the session that runs them:
 * a call is one entry into TensorFlow however many operations it stands for.
 */
export class GraphSession implements Session {
  readonly kind = "graph";
  readonly #backend: NodeBackend;
  readonly #id: number;
  readonly #functions: ReadonlyMap<string, Traced>;
  readonly #variables: ReadonlyMap<Variable, number>;
  #disposed = false;

  private constructor(
    id: number,
    functions: ReadonlyMap<string, Traced>,
    variables: ReadonlyMap<Variable, number>,
  ) {
    this.#backend = nodeBackend();
    this.#id = id;
    this.#functions = functions;
    this.#variables = variables;
  }

  /**
   * Traces the functions, each run once on its example, and loads them with the variables' present values.
   * Throws {@link CannotTrace} where a function can't become a graph.
   */
  static async create(
    functions: { readonly [name: string]: FunctionSpec },
    options: GraphOptions = {},
  ): Promise<GraphSession> {
    const variables = new Map<Variable, number>();
    const traced = new Map<string, Traced>();
    const nodes: GraphNode[] = [];
    const library: LibraryFunction[] = [];
    const handleOf = (variable: Variable): string => {
      if (!variables.has(variable)) variables.set(variable, variables.size);
      return `variable/${variables.get(variable)}`;
    };
    for (const [name, spec] of Object.entries(functions)) {
      const used = new Set<string>();
      const compile = options.xla === true && spec.compile !== false;
      const recording = trace(name, spec, !compile, (variable) => {
        const handle = handleOf(variable);
        used.add(handle);
        return handle;
      });
      const { fetches, added, made } = compile
        ? compiledEnds(name, spec, recording, [...used])
        : interpretedEnds(name, recording);
      nodes.push(...added);
      library.push(...made);
      traced.set(name, {
        spec,
        placeholders: recording.placeholders.map((node) => ({ name: `${node}:0` })),
        fetches,
        outputs: recording.outputs.length,
        loops: compile,
      });
    }
    for (const variable of variables.keys())
      nodes.push(...variableNodes(handleOf(variable), variable));
    const folder = await mkdtemp(join(tmpdir(), "r4ec-graph-"));
    try {
      await writeSavedModel(folder, nodes, { tag, library });
      const load = (): number => nodeBackend().loadSavedModelMetaGraph(folder, tag);
      const id = options.xla === true ? withoutGrappler(load) : load();
      const session = new GraphSession(id, traced, variables);
      const all = [...variables.keys()];
      session.#assign(
        all.flatMap((variable) => (holdsZeros(variable) ? [] : [[variable, variable]])),
        all.filter(holdsZeros),
      );
      return session;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  run(name: string, inputs: readonly Numbers[]): Numbers[] {
    const traced = this.#functions.get(name);
    if (traced === undefined) throw new Error(`no function ${name}`);
    if (traced.loops) return this.#once(traced, inputs);
    let values: Numbers[] = [];
    for (const turn of turns(traced.spec, inputs)) values = this.#once(traced, turn);
    return values;
  }

  #once(traced: Traced, inputs: readonly Numbers[]): Numbers[] {
    const tensors = traced.spec.inputs.map(({ shape, dtype }, i) =>
      tf.tensor(inputs[i]!, [...shape], dtype),
    );
    const fetched = this.#call(tensors, traced.placeholders, traced.fetches);
    for (const tensor of tensors) tensor.dispose();
    const values = fetched.slice(0, traced.outputs).map((tensor) => tensor.dataSync() as Numbers);
    for (const tensor of fetched) tensor.dispose();
    return values;
  }

  read(variables: readonly Variable[]): Numbers[] {
    const names = variables.map((variable) => {
      const index = this.#variables.get(variable);
      return index === undefined ? undefined : `variable/${index}/read:0`;
    });
    const fetched = this.#call(
      [],
      [],
      names.filter((name) => name !== undefined),
    );
    const values = fetched.map((tensor) => tensor.dataSync() as Numbers);
    for (const tensor of fetched) tensor.dispose();
    // A variable that no function uses is not in the graph.
    return names.map((name, i) =>
      name === undefined ? (variables[i]!.dataSync().slice() as Numbers) : values.shift()!,
    );
  }

  write(variables: readonly Variable[], values: readonly Numbers[]): void {
    const pairs = variables.map((variable, i): [Variable, Tensor] => [
      variable,
      tf.tensor(values[i]!, variable.shape, variable.dtype),
    ]);
    this.#assign(pairs.filter(([variable]) => this.#variables.has(variable)));
    for (const [variable, tensor] of pairs) {
      if (!this.#variables.has(variable)) variable.assign(tensor as never);
      tensor.dispose();
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#backend.deleteSavedModel(this.#id);
  }

  /** One call for all: TensorFlow prepares every new set of fetches anew, over the whole graph. */
  #assign(pairs: readonly (readonly [Variable, Tensor])[], zeros: readonly Variable[] = []): void {
    const nameOf = (variable: Variable): string => `variable/${this.#variables.get(variable)}`;
    const names = pairs.map(([variable]) => nameOf(variable));
    const done = this.#call(
      pairs.map(([, value]) => value),
      names.map((name) => ({ name: `${name}/value:0` })),
      [
        ...names.map((name) => `${name}/assigned:0`),
        ...zeros.map((variable) => `${nameOf(variable)}/emptied:0`),
      ],
    );
    for (const tensor of done) tensor.dispose();
  }

  #call(
    inputs: Tensor[],
    names: readonly { name: string }[],
    fetches: readonly string[],
  ): Tensor[] {
    if (fetches.length === 0) return [];
    return this.#backend.runSavedModel(this.#id, inputs, [...names], [...fetches]);
  }
}

function trace(
  name: string,
  spec: FunctionSpec,
  ownKernels: boolean,
  handleOf: (variable: Variable) => string,
): Recording {
  const examples = spec.inputs.map(({ shape, dtype, example = 0 }) =>
    tf.fill([...shape], example, dtype),
  );
  try {
    return new Recorder(name, { handleOf }).record(spec, examples, ownKernels);
  } finally {
    for (const example of examples) example.dispose();
  }
}

/** What a function adds to the graph, and what to fetch for its outputs or its effects. */
interface Ends {
  readonly fetches: string[];
  readonly added: readonly GraphNode[];
  readonly made: readonly LibraryFunction[];
}

/** A function as the nodes it was recorded as: every output waits for every effect. */
function interpretedEnds(name: string, recording: Recording): Ends {
  const control = recording.effects.map((effect) => `^${effect}`);
  const edges =
    recording.outputs.length === 0
      ? doneNodes(`${name}/done`, control)
      : recording.outputs.map(({ name: output, dtype }, i) => ({
          name: `${name}/output_${i}`,
          op: "Identity",
          inputs: [output, ...control],
          attributes: { T: type(dtype) },
        }));
  const ends = recording.outputs.length === 0 ? edges.slice(-1) : edges;
  return {
    fetches: ends.map((edge) => `${edge.name}:0`),
    added: [...recording.nodes, ...edges],
    made: [],
  };
}

/** A function as one node that calls a program compiled by XLA. */
function compiledEnds(
  name: string,
  spec: FunctionSpec,
  recording: Recording,
  handles: readonly string[],
): Ends {
  const inputTypes = spec.inputs.map(({ dtype }) => dataTypeOf(dtype));
  const { library, call } = compiledFunction(
    name,
    recording,
    inputTypes,
    handles,
    spec.loop ?? null,
  );
  const placeholders = new Set(recording.placeholders);
  return {
    fetches: library.at(-1)!.outputs.map((_, i) => `${call.name}:${i}`),
    added: [...recording.nodes.filter((node) => placeholders.has(node.name)), call],
    made: library,
  };
}
