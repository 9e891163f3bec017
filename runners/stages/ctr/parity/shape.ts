import type { AdaptorShape, ModelShape } from "../model.js";
import type { GoldenCase } from "./case.js";

/** The model of a golden case, in the reference's form where r4ec's default is another. */
export function shapeOf(golden: GoldenCase): ModelShape {
  const { config, data } = golden;
  const [backbone, options] = backboneOf(golden);
  const adaptor: AdaptorShape | null = golden.augment
    ? {
        type: (config.convert_type ?? "MLP").toLowerCase() as AdaptorShape["type"],
        sharedExperts: config.share_experts,
        specificExperts: config.specific_experts,
        layers: config.convert_arch,
      }
    : null;
  return {
    backbone,
    items: data.item_num,
    attributes: data.attr_num,
    ratings: data.rating_num,
    attributeFields: data.attr_fields,
    historyLength: config.max_hist_len,
    embeddingDim: config.embed_dim,
    mlp: config.final_mlp,
    knowledge:
      adaptor === null ? null : { userDim: data.knowledge_dim, itemDim: data.knowledge_dim },
    adaptor,
    options,
  };
}

function backboneOf({ backbone, config }: GoldenCase): [string, ModelShape["options"]] {
  switch (backbone.toLowerCase()) {
    case "din":
      return ["din", { attention: [32, 16] }];
    case "dien":
      return ["dien", { gru: config.dien_gru, attention: [32, 16] }];
    case "gru4rec":
    case "gru4rec_movie":
      return ["gru4rec", { hidden: config.gru_hidden, heads: 4, item_attention: "batch" }];
    case "dcnv1":
      return ["dcn", { cross_layers: config.dcn_cross_layers, form: "reference" }];
    case "dcnv2":
      return ["dcnv2", { cross_layers: config.dcn_cross_layers }];
    case "deepfm":
      return ["deepfm", {}];
    case "xdeepfm":
      return ["xdeepfm", { cin: config.cin_layer_units }];
    case "autoint":
      return [
        "autoint",
        {
          layers: config.attn_layers,
          heads: config.attn_heads,
          size: config.attn_size,
          contiguous_heads: true,
        },
      ];
    case "fibinet":
      return ["fibinet", { bilinear: config.bilinear_type, reduction: config.senet_reduction }];
    case "fignn":
      return ["fignn", { layers: config.fignn_layers, shared: true }];
    default:
      throw new Error(`has the backbone ${backbone}, which r4ec does not know`);
  }
}
