/**
 * TensorFlow operations that tfjs-node can emit, by TensorFlow's own definitions. An operation that is
 * not here can't be traced.
 */
export interface Operation {
  /**
   * Type attributes: for each the input whose dtype it takes (negative: from the end). Eager execution
   * infers those that a call leaves out; a graph has to state them.
   */
  readonly types: { readonly [attribute: string]: number };
  /** What the operation calls its output; null where it has several, by different words. */
  readonly output: string | null;
}

const t0 = { T: 0 } as const;

const groups: readonly (readonly [string, Operation["types"], string | null])[] = [
  ["Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Expm1 Floor", t0, "y"],
  ["Inv Log Log1p Neg Reciprocal Rint Round Rsqrt Sigmoid Sign Sin Sinh Sqrt", t0, "y"],
  ["Square Tan Tanh OnesLike ZerosLike IsFinite IsInf IsNan", t0, "y"],
  ["Elu Relu Relu6 Selu Softplus LeakyRelu", t0, "activations"],
  ["LogSoftmax", t0, "logsoftmax"],
  ["Softmax", t0, "softmax"],
  ["Add AddV2 Sub Mul Div RealDiv DivNoNan FloorDiv FloorMod Maximum Minimum", t0, "z"],
  ["Pow Atan2 SquaredDifference Equal NotEqual Greater GreaterEqual Less", t0, "z"],
  ["LessEqual SigmoidGrad TanhGrad SqrtGrad RsqrtGrad InvGrad ReciprocalGrad", t0, "z"],
  ["Xdivy", t0, "z"],
  ["EluGrad ReluGrad LeakyReluGrad SoftplusGrad", t0, "backprops"],
  ["BiasAdd BatchMatMul BatchMatMulV2 Einsum Squeeze Pack Unpack ClipByValue", t0, "output"],
  ["Conv2D Conv2DBackpropFilter DepthwiseConv2dNative MaxPool AvgPool", t0, "output"],
  ["Multinomial BiasAddGrad BatchMatMulV3 L2Loss", t0, "output"],
  ["MatMul", t0, "product"],
  ["AddN", t0, "sum"],
  ["TopKV2 FusedBatchNorm", t0, null],
  ["Where", t0, "index"],
  ["BroadcastArgs", t0, "r0"],
  ["Conv2DBackpropInput Select SelectV2 Split", { T: 1 }, "output"],
  ["LogicalAnd LogicalOr", {}, "z"],
  ["LogicalNot", {}, "y"],
  ["Cast", { SrcT: 0 }, "y"],
  ["Sum Mean Max Min Prod ArgMax ArgMin ReverseV2 BroadcastTo", { T: 0, Tidx: 1 }, "output"],
  ["Cumsum Cumprod", { T: 0, Tidx: 1 }, "out"],
  ["All Any", { Tidx: 1 }, "output"],
  ["Reshape", { T: 0, Tshape: 1 }, "output"],
  ["ExpandDims", { T: 0, Tdim: 1 }, "output"],
  ["Transpose", { T: 0, Tperm: 1 }, "y"],
  ["Tile", { T: 0, Tmultiples: 1 }, "output"],
  ["Slice StridedSlice", { T: 0, Index: 1 }, "output"],
  ["Pad PadV2 MirrorPad", { T: 0, Tpaddings: 1 }, "output"],
  ["ConcatV2", { T: 0, Tidx: -1 }, "output"],
  ["SplitV", { T: 0, Tlen: 1 }, "output"],
  ["GatherV2", { Tparams: 0, Tindices: 1, Taxis: 2 }, "output"],
  ["GatherNd", { Tparams: 0, Tindices: 1 }, "output"],
  ["ScatterNd", { T: 1, Tindices: 0 }, "output"],
  ["TensorScatterUpdate", { T: 0, Tindices: 1 }, "output"],
  ["UnsortedSegmentSum", { T: 0, Tindices: 1, Tnumsegments: 2 }, "output"],
  ["OneHot", { T: 2, TI: 0 }, "output"],
  ["Fill", { T: 1, index_type: 0 }, "output"],
  ["Range", { Tidx: 0 }, "output"],
  ["LinSpace", { T: 0, Tidx: 2 }, "output"],
  ["StatelessRandomUniform", { T: 0, Tseed: 1 }, "output"],
];

/** Operations by name. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  groups.flatMap(([names, types, output]) =>
    names.split(" ").map((name) => [name, { types, output }] as const),
  ),
);
