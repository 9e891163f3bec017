import { readFile } from "node:fs/promises";

/** A tensor of a golden file, in PyTorch's layout. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a golden file keeps of a gradient or a parameter. */
export interface Digest {
  readonly l2: number;
  readonly sum: number;
  /** The first four numbers, or all if there are fewer. */
  readonly first: readonly number[];
}

export interface GoldenConfig {
  readonly embed_dim: number;
  readonly max_hist_len: number;
  readonly convert_type: "HEA" | "MoE" | "MLP" | null;
  readonly share_experts: number;
  readonly specific_experts: number;
  readonly convert_arch: readonly number[];
  readonly final_mlp: readonly number[];
  readonly dcn_cross_layers: number;
  readonly dien_gru: string;
  readonly gru_hidden: number;
  readonly cin_layer_units: readonly number[];
  readonly attn_layers: number;
  readonly attn_heads: number;
  readonly attn_size: number;
  readonly fignn_layers: number;
  readonly senet_reduction: number;
  readonly bilinear_type: string;
}

export interface GoldenBatch {
  readonly iid: readonly number[];
  readonly aid: readonly (readonly number[])[];
  readonly hist_iid_seq: readonly (readonly number[])[];
  readonly hist_aid_seq: readonly (readonly (readonly number[])[])[];
  readonly hist_rate_seq: readonly (readonly number[])[];
  readonly hist_seq_len: readonly number[];
  readonly lb: readonly number[];
  readonly hist_aug_vec?: readonly (readonly number[])[] | null;
  readonly item_aug_vec?: readonly (readonly number[])[] | null;
}

/** A model of the reference, its parameters, five batches, and what it computed from them. */
export interface GoldenCase {
  readonly backbone: string;
  readonly augment: boolean;
  readonly config: GoldenConfig;
  readonly data: {
    readonly item_num: number;
    readonly attr_num: number;
    readonly attr_fields: number;
    readonly rating_num: number;
    readonly knowledge_dim: number;
  };
  readonly optimizer: {
    readonly lr: number;
    readonly eps: number;
    readonly betas: readonly [number, number];
    readonly weight_decay: number;
  };
  readonly params: { readonly [name: string]: GoldenTensor };
  readonly batches: readonly GoldenBatch[];
  readonly expect: {
    readonly prob: readonly number[];
    readonly loss: number;
    /** Null: no gradient. */
    readonly grads: { readonly [name: string]: Digest | null };
    readonly losses: readonly number[];
    readonly params_after: { readonly [name: string]: Digest };
  };
}

/** Reads a golden file. Throws with a message for the user where it is none. */
export async function readCase(file: string): Promise<GoldenCase> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(`can't be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  const parts = ["backbone", "config", "data", "optimizer", "params", "batches", "expect"];
  const missing = parts.filter(
    (part) => typeof value !== "object" || value === null || !(part in value),
  );
  if (missing.length > 0) throw new Error(`is not a golden case: it has no ${missing.join(", ")}`);
  return value as GoldenCase;
}
