import type { StageRequest } from "../../src/contract/runner.js";
import type { SampleClass } from "../base/artifacts/samples.js";
import { holdsVectors } from "../stages/own-files/settings.js";
import { ownFilesStage } from "../stages/own-files/stage.js";
import { profileStage } from "../stages/profile/stage.js";
import type { Making } from "./making.js";
import type { KnowledgeSettings } from "./settings.js";

/** What a `knowledge.variant` means. */
export interface Variant {
  readonly id: string;
  /** What it is, as part of a sentence in the schema. */
  readonly description: string;
  /** Settings of `knowledge` that it reads. */
  readonly reads: readonly (keyof KnowledgeSettings)[];
  /** Classes of samples that the sweep fine-tunes models on; empty: it fine-tunes none. */
  readonly learns: readonly SampleClass[];
  /**
   * The stage whose artifact holds its texts, with all that the stage needs; null: no knowledge.
   * Where `vectors` is true the artifact holds vectors and nothing is left to embed.
   */
  readonly text: (
    making: Making,
  ) => { readonly stage: StageRequest; readonly vectors: boolean } | null;
}

/** The settings that every variant with vectors reads. */
const VECTORS = ["embed", "control", "control_side"] as const;
const ASKS_A_MODEL = [
  "history",
  "item_raters",
  "users",
  "items",
  "coverage",
  "actor",
  "seed",
  "prompts",
  "infer",
  ...VECTORS,
] as const;
const FINETUNES = [...ASKS_A_MODEL, "teacher", "finetune"] as const;

const text = (stage: StageRequest) => ({ stage, vectors: false });

/** Every variant, in the order of the schema. */
export const variants: readonly Variant[] = [
  {
    id: "none",
    description: "none",
    reads: [],
    learns: [],
    text: () => null,
  },
  {
    id: "profile",
    description: "profile: titles and ratings as text, no LLM",
    reads: ["history", ...VECTORS],
    learns: [],
    text: ({ knowledge, dataset }) => text(profileStage(knowledge.history, dataset)),
  },
  {
    id: "file",
    description: "file: your own text or vectors",
    reads: ["file", ...VECTORS],
    learns: [],
    text: ({ knowledge: { file }, place, dataset }) => ({
      stage: ownFilesStage(file, place, dataset),
      vectors: holdsVectors(file, place),
    }),
  },
  {
    id: "kar",
    description: "kar: the base model thinks",
    reads: ASKS_A_MODEL,
    learns: [],
    text: (making) => text(making.think(null)),
  },
  {
    id: "r2ec",
    description: "r2ec: an actor fine-tuned on a teacher's thinking",
    reads: FINETUNES,
    learns: ["thinking"],
    text: (making) => text(making.think(making.finetune("actor", ["thinking"]))),
  },
  {
    id: "r4ec",
    description: "r4ec: actor and reflector, with reflection and refinement",
    reads: [...FINETUNES, "iterations", "reflector"],
    learns: ["thinking", "reflection", "refinement"],
    text(making) {
      const actor = making.finetune("actor", ["thinking", "refinement"]);
      const reflector = making.finetune("reflector", ["reflection"]);
      let written = making.think(actor);
      for (let iteration = 1; iteration <= making.knowledge.iterations; iteration++) {
        const judged = making.reflect(written, reflector, iteration);
        written = making.refine(judged, actor, iteration);
      }
      return text(written);
    },
  },
];

/** The variant of an id. The schema has seen to it that there is one. */
export function variantOf(id: string): Variant {
  const variant = variants.find((each) => each.id === id);
  if (variant === undefined) throw new Error(`no variant is called ${id}`);
  return variant;
}
