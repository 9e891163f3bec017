import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import { isJsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { Ignored } from "../../../src/contract/science.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { loadBackbone } from "./backbones/index.js";
import { backboneIds } from "./schema.js";

/** Settings of the `ctr` block that say how a stage runs, not what it makes. */
const executionSettings = ["fuse", "engine", "xla"] as const;

/** Settings of the `ctr` block that go into a stage's parameters as they are. */
const plain = [
  "embedding_dim",
  "history_length",
  "batch_size",
  "learning_rate",
  "weight_decay",
  "dropout",
  "clip_norm",
  "epochs",
  "patience",
  "schedule",
  "warmup",
  "mlp",
  "pick",
] as const;

const ctrOf = (settings: JsonObject): JsonObject => {
  const ctr = settings["ctr"];
  return isJsonObject(ctr) ? ctr : {};
};

const isModule = (backbone: string): boolean => !backboneIds.includes(backbone);

const variantOf = (settings: JsonObject): Json | undefined => {
  const knowledge = settings["knowledge"];
  return isJsonObject(knowledge) ? knowledge["variant"] : knowledge;
};

/** Settings of the `ctr` block without effect in this cell. */
export function ignoredCtr(settings: JsonObject): readonly Ignored[] {
  const ctr = ctrOf(settings);
  const ignored: Ignored[] = backboneIds
    .filter((id) => id !== settings["backbone"] && id in ctr)
    .map((id) => ({
      path: `ctr.${id}`,
      because: `the backbone is ${String(settings["backbone"])}`,
    }));
  if (variantOf(settings) === "none" && "adaptor" in ctr) {
    ignored.push({ path: "ctr.adaptor", because: "there is no knowledge to adapt" });
  }
  const adaptor = ctr["adaptor"];
  if (isJsonObject(adaptor) && variantOf(settings) !== "none") {
    const type = adaptor["type"];
    if (type !== undefined && type !== "hea" && "specific_experts" in adaptor) {
      ignored.push({
        path: "ctr.adaptor.specific_experts",
        because: "only hea has experts of a side's own",
      });
    }
    if (type === "mlp" && "shared_experts" in adaptor) {
      ignored.push({
        path: "ctr.adaptor.shared_experts",
        because: "the adaptor mlp has no experts",
      });
    }
  }
  return ignored;
}

/** Mistakes in `backbone` and `ctr` that the schema can't see. */
export function checkCtr(settings: JsonObject, place: SpecPlace): readonly Finding[] {
  const backbone = settings["backbone"];
  if (typeof backbone !== "string" || !isModule(backbone)) return [];
  const path = resolve(place.folder, backbone);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    return [
      { severity: "error", path: "backbone", message: `there is no backbone module at ${path}` },
    ];
  }
  const loaded = loadBackbone(path);
  return loaded.ok ? [] : [{ severity: "error", path: "backbone", message: loaded.error }];
}

/** The CTR stage of a cell, from normalised settings. `embed` is null without knowledge. */
export function ctrStage(
  settings: JsonObject,
  place: SpecPlace,
  dataset: StageRequest,
  embed: StageRequest | null,
): StageRequest {
  const ctr = ctrOf(settings);
  const backbone = String(settings["backbone"]);
  const module = isModule(backbone);
  const exact = ctr["fuse"] === "off";
  const pick = (names: readonly string[]): JsonObject =>
    Object.fromEntries(
      names.filter((name) => ctr[name] !== undefined).map((name) => [name, ctr[name]!]),
    );
  return {
    runner: "ctr",
    label: `ctr ${backbone}`,
    params: {
      ...pick(plain),
      backbone: module ? null : backbone,
      seed: settings["seed"] ?? 1,
      adaptor: embed === null ? null : (ctr["adaptor"] ?? {}),
      options: module ? {} : (ctr[backbone] ?? {}),
      // Results that are to be bit-equal are no others': not those of a fused run, nor of another
      // way to run.
      ...(exact ? { exact: pick(["engine", "xla"]) } : {}),
    },
    inputs: embed === null ? { dataset } : { dataset, embed },
    files: module ? { backbone: { path: resolve(place.folder, backbone) } } : {},
    execution: pick(executionSettings),
  };
}
