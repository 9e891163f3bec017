import { createRequire } from "node:module";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tensorFlowPackage } from "../../../base/tensorflow.js";
import type { LibraryFunction } from "./library.js";
import type { Attribute, ConstantValue, GraphNode } from "./node.js";
import { openFolder } from "../../../../src/base/folder.js";

/** A tensor at the edge of a signature. */
export interface SignatureTensor {
  /** `node:output`. */
  readonly name: string;
  readonly dtype: number;
  /** -1: any size. */
  readonly shape: readonly number[];
}

/** A named entry point, as TensorFlow Serving and Python see it. */
export interface Signature {
  readonly inputs: { readonly [name: string]: SignatureTensor };
  readonly outputs: { readonly [name: string]: SignatureTensor };
}

// The protobuf classes that tfjs-node was generated with have no type declarations.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Message = any;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
let loadedMessages: { readonly [name: string]: any } | undefined;

function messages(): NonNullable<typeof loadedMessages> {
  return (loadedMessages ??= createRequire(import.meta.url)(
    join(tensorFlowPackage(), "dist", "proto", "api_pb"),
  ) as NonNullable<typeof loadedMessages>);
}

/** The oldest GraphDef version that TensorFlow 2 reads, and the one that it writes. */
const graphVersion = { producer: 1882, minimum: 12 };

/**
 * Writes `saved_model.pb` under `folder`: one meta graph tagged `tag`, no variables of its own.
 */
export async function writeSavedModel(
  folder: string,
  nodes: readonly GraphNode[],
  options: {
    readonly tag: string;
    readonly signatures?: { readonly [name: string]: Signature };
    /** Functions that nodes call by name. */
    readonly library?: readonly LibraryFunction[];
  },
): Promise<void> {
  const m = messages();
  const graph = new m["GraphDef"]();
  graph.setNodeList(nodes.map(nodeMessage));
  const versions = new m["VersionDef"]();
  versions.setProducer(graphVersion.producer);
  versions.setMinConsumer(graphVersion.minimum);
  graph.setVersions(versions);
  if (options.library !== undefined && options.library.length > 0) {
    const library = new m["FunctionDefLibrary"]();
    library.setFunctionList(options.library.map(functionMessage));
    graph.setLibrary(library);
  }
  const info = new (m["MetaGraphDef"] as Message).MetaInfoDef();
  info.addTags(options.tag);
  info.setTensorflowVersion("2.21.0");
  const meta = new m["MetaGraphDef"]();
  meta.setMetaInfoDef(info);
  meta.setGraphDef(graph);
  for (const [name, signature] of Object.entries(options.signatures ?? {})) {
    meta.getSignatureDefMap().set(name, signatureMessage(signature));
  }
  const model = new m["SavedModel"]();
  model.setSavedModelSchemaVersion(1);
  model.addMetaGraphs(meta);
  await openFolder(folder);
  await writeFile(join(folder, "saved_model.pb"), model.serializeBinary() as Uint8Array);
}

/** A parameter of {@link LibraryFunction.whole} functions, which their calls set and nothing reads. */
const PARAMETER = "whole";

function functionMessage(definition: LibraryFunction): Message {
  const m = messages();
  const message = new m["FunctionDef"]();
  const signature = new m["OpDef"]();
  const argument = ({ name, dtype }: { readonly name: string; readonly dtype: number }) => {
    const arg = new (m["OpDef"] as Message).ArgDef();
    arg.setName(name);
    arg.setType(dtype);
    return arg;
  };
  signature.setName(definition.name);
  signature.setInputArgList(definition.inputs.map(argument));
  signature.setOutputArgList(definition.outputs.map(argument));
  signature.setIsStateful(true);
  const nodes = definition.nodes.map(nodeMessage);
  if (definition.whole === true) {
    const parameter = new (m["OpDef"] as Message).AttrDef();
    parameter.setName(PARAMETER);
    parameter.setType("bool");
    signature.setAttrList([parameter]);
    const given = new m["AttrValue"]();
    given.setPlaceholder(PARAMETER);
    nodes[0]!.getAttrMap().set(`_${PARAMETER}`, given);
    const yes = attributeMessage({ kind: "bool", value: true });
    message.getAttrMap().set("_nospecialize", yes);
    // Where TensorFlow looks into functions by themselves, it takes their parameters from here.
    message.getAttrMap().set(PARAMETER, yes);
  }
  message.setSignature(signature);
  message.setNodeDefList(nodes);
  for (const [output, value] of Object.entries(definition.returns)) {
    message.getRetMap().set(output, value);
  }
  return message;
}

function nodeMessage(node: GraphNode): Message {
  const message = new (messages()["NodeDef"] as Message)();
  message.setName(node.name);
  message.setOp(node.op);
  // Control inputs stand after all others.
  const values = node.inputs.filter((input) => !input.startsWith("^"));
  const control = node.inputs.filter((input) => input.startsWith("^"));
  message.setInputList([...values, ...new Set(control)]);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message.getAttrMap().set(name, attributeMessage(attribute));
  }
  return message;
}

function attributeMessage(attribute: Attribute): Message {
  const m = messages();
  const value = new m["AttrValue"]();
  switch (attribute.kind) {
    case "type":
      value.setType(attribute.value);
      break;
    case "int":
      value.setI(attribute.value);
      break;
    case "float":
      value.setF(attribute.value);
      break;
    case "bool":
      value.setB(attribute.value);
      break;
    case "string":
      value.setS(new Uint8Array(Buffer.from(attribute.value, "utf8")));
      break;
    case "shape":
      value.setShape(shapeMessage(attribute.value));
      break;
    case "function": {
      const called = new m["NameAttrList"]();
      called.setName(attribute.value);
      if (attribute.whole === true) {
        called.getAttrMap().set(PARAMETER, attributeMessage({ kind: "bool", value: true }));
      }
      value.setFunc(called);
      break;
    }
    case "ints":
    case "floats":
    case "types": {
      const list = new (m["AttrValue"] as Message).ListValue();
      if (attribute.kind === "ints") list.setIList([...attribute.value]);
      else if (attribute.kind === "types") list.setTypeList([...attribute.value]);
      else list.setFList([...attribute.value]);
      value.setList(list);
      break;
    }
    case "tensor":
      value.setTensor(tensorMessage(attribute.value));
      break;
  }
  return value;
}

function tensorMessage(value: ConstantValue): Message {
  const tensor = new (messages()["Tensor"] as Message)();
  tensor.setDtype(value.dtype);
  tensor.setTensorShape(shapeMessage(value.shape));
  tensor.setTensorContent(value.bytes);
  return tensor;
}

function shapeMessage(sizes: readonly number[]): Message {
  const Shape = messages()["TensorShape"] as Message;
  const shape = new Shape();
  for (const size of sizes) {
    const dim = new Shape.Dim();
    dim.setSize(size);
    shape.addDim(dim);
  }
  return shape;
}

function signatureMessage(signature: Signature): Message {
  const m = messages();
  const message = new m["SignatureDef"]();
  const fill = (map: Message, tensors: Signature["inputs"]): void => {
    for (const [name, tensor] of Object.entries(tensors)) {
      const info = new m["TensorInfo"]();
      info.setName(tensor.name);
      info.setDtype(tensor.dtype);
      info.setTensorShape(shapeMessage(tensor.shape));
      map.set(name, info);
    }
  };
  fill(message.getInputsMap(), signature.inputs);
  fill(message.getOutputsMap(), signature.outputs);
  message.setMethodName("tensorflow/serving/predict");
  return message;
}
