/**
 * Where the numbers of a reference parameter stand: in which of our parameters, and at which of its
 * places (of one replica, flat), in the order of the reference's flat data.
 */
export interface Place {
  readonly parameter: string;
  readonly indices: Int32Array;
}

/** Our parameters' shapes, without the replica axis. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

type Rule = readonly [RegExp, (match: RegExpExecArray, shape: readonly number[]) => Target];

/** One of our parameters, and the block of it that holds the reference's. */
interface Target {
  readonly parameter: string;
  /** Our kernels are [in, out], the reference's [out, in]. */
  readonly transposed: boolean;
  /** Which of several blocks along our first axis. */
  readonly block?: number;
  /** Which of several equal parts along our last axis. */
  readonly part?: number;
}

const same = (parameter: string, more: Partial<Target> = {}): Target => ({
  parameter,
  transposed: false,
  ...more,
});
const kernel = (parameter: string, more: Partial<Target> = {}): Target => ({
  parameter,
  transposed: true,
  ...more,
});
/** `weight` to kernel, `bias` to bias. */
const layer = (name: string, kind: string, more: Partial<Target> = {}): Target =>
  kind === "weight" ? kernel(`${name}.kernel`, more) : same(`${name}.bias`, more);
/** The reference's Sequentials hold linear, activation, dropout: three entries a layer. */
const depth = (entry: string | undefined): number => Math.trunc(Number(entry) / 3);

/** Experts keep their first layer as one matrix, side by side; deeper ones as blocks. */
const expert = (set: string, index: string, entry: string, kind: string): Target => {
  const at = Number(index);
  const i = depth(entry);
  return layer(`${set}.layer_${i}`, kind, i === 0 ? { part: at } : { block: at });
};
const subjects = ["user", "item"];

const adaptorRules: readonly Rule[] = [
  [
    /^share_expt_net\.(\d+)\.fc\.(\d+)\.(weight|bias)$/,
    (m) => expert("adaptor.shared", m[1]!, m[2]!, m[3]!),
  ],
  [
    /^spcf_expt_net\.(\d)\.(\d+)\.fc\.(\d+)\.(weight|bias)$/,
    (m) => expert(`adaptor.${subjects[Number(m[1])]}`, m[2]!, m[3]!, m[4]!),
  ],
  [
    /^gate_net\.(\d)\.(weight|bias)$/,
    (m) => layer(`adaptor.${subjects[Number(m[1])]}.gate`, m[2]!),
  ],
  [
    /^export_net\.(\d+)\.fc\.(\d+)\.(weight|bias)$/,
    (m) => expert("adaptor.experts", m[1]!, m[2]!, m[3]!),
  ],
  [/^gate_net\.(weight|bias)$/, (m) => layer("adaptor.gate", m[1]!)],
  [/^fc\.(\d+)\.(weight|bias)$/, (m) => layer(`adaptor.dense_${depth(m[1])}`, m[2]!)],
];

const gruNames: { readonly [name: string]: string } = {
  intra_hist_gru: "gru",
  "fignn.gru": "gru",
  "interest_extractor.gru": "interest_extraction",
  "interest_evolution.interest_evolution": "interest_evolution",
  "interest_evolution.interest_evolution.rnn": "interest_evolution",
};
const mlpNames: { readonly [name: string]: string } = {
  final_mlp: "final",
  deep_net: "deep",
  deep_part: "deep",
  dnn: "deep",
  attention_net: "attention",
  "interest_evolution.attention": "attention",
};
const columns: { readonly [name: string]: number } = { q: 0, k: 1, v: 2, res: 3 };

const rules: readonly Rule[] = [
  [/^item_embedding\.weight$/, () => same("item_embedding")],
  [/^attr_embedding\.weight$/, () => same("attribute_embedding")],
  [/^rating_embedding\.weight$/, () => same("rating_embedding")],
  [
    /^(final_mlp|deep_net|deep_part|dnn|attention_net|interest_evolution\.attention)\.fc\.(\d+)\.(weight|bias)$/,
    (m) => layer(`${mlpNames[m[1]!]}.dense_${depth(m[2])}`, m[3]!),
  ],
  [
    /^(attention_net|interest_evolution\.attention)\.fc\.(\d+)\.alpha$/,
    (m) => same(`attention.dice_${depth(m[2])}.alpha`),
  ],
  [/^(final_fc|fc_out|attn_out|dnn_fc_out)\.(weight|bias)$/, (m) => layer("logit", m[2]!)],
  [/^map_layer\.(weight|bias)$/, (m) => layer("history_projection", m[1]!)],
  [
    /^(.*gru|interest_evolution\.interest_evolution(?:\.rnn)?)\.weight_(ih|hh)(?:_l0)?$/,
    (m) => kernel(`${gruNames[m[1]!]}.${m[2] === "ih" ? "input" : "hidden"}.kernel`),
  ],
  [
    /^(.*gru|interest_evolution\.interest_evolution(?:\.rnn)?)\.bias_(ih|hh)(?:_l0)?$/,
    (m) => same(`${gruNames[m[1]!]}.${m[2] === "ih" ? "input" : "hidden"}.bias`),
  ],
  [/^intra_item_attn\.in_proj_weight$/, () => kernel("item_attention.kernel")],
  [/^intra_item_attn\.in_proj_bias$/, () => same("item_attention.bias")],
  [/^intra_item_attn\.out_proj\.(weight|bias)$/, (m) => layer("item_attention.output", m[1]!)],
  // DCNv1's kernels are columns, DCNv2's matrices [out, in].
  [
    /^cross_net\.kernels\.(\d+)$/,
    (m, shape) => (shape[1] === 1 ? same : kernel)(`cross_${m[1]}.kernel`),
  ],
  [/^cross_net\.bias\.(\d+)$/, (m) => same(`cross_${m[1]}.bias`)],
  [/^fm_first_iid_emb\.weight$/, () => same("first_order.item")],
  [/^fm_first_aid_emb\.weight$/, () => same("first_order.attribute")],
  [/^fm_first_dense_weight$/, () => same("first_order.knowledge.kernel")],
  [/^cin\.cin_layer\.layer_(\d+)\.(weight|bias)$/, (m) => layer(`cin_${Number(m[1]) - 1}`, m[2]!)],
  [
    /^self_attention\.(\d+)\.W_(q|k|v|res)\.weight$/,
    (m) => kernel(`attention_${m[1]}.kernel`, { part: columns[m[2]!]! }),
  ],
  [
    /^senet_layer\.excitation\.(\d)\.weight$/,
    (m) => kernel(`excitation.dense_${Number(m[1]) / 2}.kernel`),
  ],
  [/^bilinear_layer\.bilinear_layer\.weight$/, () => kernel("bilinear.kernel")],
  [
    /^bilinear_layer\.bilinear_layer\.(\d+)\.weight$/,
    (m) => kernel("bilinear.kernel", { block: Number(m[1]) }),
  ],
  [/^fignn\.gnn(?:\.(\d+))?\.W_(in|out)$/, (m) => kernel(`graph_${m[1] ?? 0}.${m[2]}.kernel`)],
  [/^fignn\.gnn(?:\.(\d+))?\.bias_p$/, (m) => same(`graph_${m[1] ?? 0}.bias`)],
  [/^fignn\.W_attn\.weight$/, () => kernel("edge.kernel")],
  [/^fc\.linear1\.weight$/, () => kernel("score.kernel")],
  [/^fc\.linear2\.0\.weight$/, () => kernel("weight.kernel")],
];

/**
 * The place of a reference parameter, or null where our model has none for it (which is right only
 * for one that the reference never uses).
 */
export function placeOf(name: string, shape: readonly number[], ours: Shapes): Place | null {
  const target = targetOf(name, shape, ours);
  const own = target === null ? undefined : ours.get(target.parameter);
  if (target === null || own === undefined) return null;
  const size = shape.reduce((product, n) => product * n, 1);
  // Reference [blocks..., out, in] against ours [blocks..., in, out]; a trailing 1 is a convolution's.
  const plain =
    shape.length === 3 && shape[2] === 1 && own.length === 2 ? shape.slice(0, 2) : shape;
  const [rows, columnsHere] = target.transposed
    ? [plain.at(-2)!, plain.at(-1)!]
    : [1, plain.at(-1) ?? 1];
  const ownWidth = own.at(-1)!;
  const blockSize = (own.at(-2) ?? 1) * ownWidth;
  if ((target.block ?? 0) >= (own.length > 1 ? own[0]! : 1) && target.block !== undefined) {
    return null;
  }
  const blockStart =
    (target.block ?? 0) * (own.length === 3 ? blockSize : target.transposed ? 0 : ownWidth);
  const indices = Int32Array.from({ length: size }, (_, flat) => {
    if (!target.transposed) return blockStart + (target.part ?? 0) * size + flat;
    const matrix = Math.trunc(flat / (rows * columnsHere));
    const out = Math.trunc(flat / columnsHere) % rows;
    const into = flat % columnsHere;
    return blockStart + matrix * blockSize + into * ownWidth + (target.part ?? 0) * rows + out;
  });
  return { parameter: target.parameter, indices };
}

function targetOf(name: string, shape: readonly number[], ours: Shapes): Target | null {
  const prefix = "convert_module.sub_module.";
  const adaptor = name.startsWith(prefix);
  const text = adaptor ? name.slice(prefix.length) : name;
  for (const [pattern, make] of adaptor ? adaptorRules : rules) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const target = make(match, shape);
    // AUGRU has one bias for both projections.
    const shared = target.parameter.replace(/\.input\.bias$/, ".bias");
    return ours.has(shared) ? { ...target, parameter: shared } : target;
  }
  return null;
}
