/**
 * Type attributes of TensorFlow operations that tfjs-node can emit: for each attribute the input
 * whose dtype it takes (negative: from the end). Eager execution infers those that a call leaves
 * out; a graph has to state them. An operation that is not here can't be traced.
 */
const t0 = { T: 0 } as const;

const groups: readonly (readonly [string, { readonly [attribute: string]: number }])[] = [
  ["Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor Inv Log Log1p", t0],
  ["LogSoftmax Neg Reciprocal Relu Relu6 Rint Round Rsqrt Selu Sigmoid Sign Sin Sinh Softmax", t0],
  ["Softplus Sqrt Square Tan Tanh OnesLike ZerosLike IsFinite IsInf IsNan LeakyRelu", t0],
  ["Add AddV2 Sub Mul Div RealDiv DivNoNan FloorDiv FloorMod Maximum Minimum Pow Atan2", t0],
  ["SquaredDifference Equal NotEqual Greater GreaterEqual Less LessEqual EluGrad BiasAdd", t0],
  ["MatMul BatchMatMul BatchMatMulV2 Einsum Squeeze Pack Unpack AddN TopKV2 ClipByValue", t0],
  ["Conv2D Conv2DBackpropFilter DepthwiseConv2dNative MaxPool AvgPool FusedBatchNorm Where", t0],
  ["Multinomial BroadcastArgs BiasAddGrad ReluGrad SigmoidGrad TanhGrad LeakyReluGrad", t0],
  ["SoftplusGrad SqrtGrad RsqrtGrad InvGrad ReciprocalGrad Xdivy BatchMatMulV3 L2Loss", t0],
  ["Conv2DBackpropInput", { T: 1 }],
  ["LogicalAnd LogicalOr LogicalNot", {}],
  ["Select SelectV2", { T: 1 }],
  ["Cast", { SrcT: 0 }],
  ["Sum Mean Max Min Prod ArgMax ArgMin Cumsum Cumprod ReverseV2 BroadcastTo", { T: 0, Tidx: 1 }],
  ["All Any", { Tidx: 1 }],
  ["Reshape", { T: 0, Tshape: 1 }],
  ["ExpandDims", { T: 0, Tdim: 1 }],
  ["Transpose", { T: 0, Tperm: 1 }],
  ["Tile", { T: 0, Tmultiples: 1 }],
  ["Slice StridedSlice", { T: 0, Index: 1 }],
  ["Pad PadV2 MirrorPad", { T: 0, Tpaddings: 1 }],
  ["ConcatV2", { T: 0, Tidx: -1 }],
  ["Split", { T: 1 }],
  ["SplitV", { T: 0, Tlen: 1 }],
  ["GatherV2", { Tparams: 0, Tindices: 1, Taxis: 2 }],
  ["GatherNd", { Tparams: 0, Tindices: 1 }],
  ["ScatterNd", { T: 1, Tindices: 0 }],
  ["TensorScatterUpdate", { T: 0, Tindices: 1 }],
  ["UnsortedSegmentSum", { T: 0, Tindices: 1, Tnumsegments: 2 }],
  ["OneHot", { T: 2, TI: 0 }],
  ["Fill", { T: 1, index_type: 0 }],
  ["Range", { Tidx: 0 }],
  ["LinSpace", { T: 0, Tidx: 2 }],
  ["StatelessRandomUniform", { T: 0, Tseed: 1 }],
];

/** Type attributes by operation name. */
export const typeAttributes: ReadonlyMap<string, { readonly [attribute: string]: number }> =
  new Map(
    groups.flatMap(([names, attributes]) =>
      names.split(" ").map((name) => [name, attributes] as const),
    ),
  );
