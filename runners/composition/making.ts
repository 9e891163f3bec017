import type { Domain } from "../base/artifacts/domain.js";
import type { StageRequest } from "../../src/contract/runner.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import { resolvePath } from "../base/files/spec-path.js";
import type { Step } from "../base/prompts/index.js";
import { templateHashes } from "../base/prompts/hashes.js";
import type { SampleClass } from "../base/artifacts/samples.js";
import type { SampleSource } from "../stages/finetune/stage.js";
import { finetuneStage, ownSamplesStage } from "../stages/finetune/stage.js";
import { bringsSamples } from "../stages/finetune/settings.js";
import { inferStage } from "../stages/infer/stage.js";
import type { InferParams } from "../stages/infer/settings.js";
import { teachStages } from "../stages/teach/stage.js";
import type { KnowledgeSettings } from "./settings.js";

/** Makes the stages that a cell's knowledge is composed of; each method gives one stage. */
export class Making {
  /** Absolute folder of the user's own templates, or null. */
  readonly #templates: string | null;
  /** Inputs that prompts are made of. */
  readonly #shown: StageRequest["inputs"];
  #taught: ReturnType<typeof teachStages> | undefined;

  /** @param domain which words prompts use: the data set's entry of prompts/words.yaml, or its own words */
  constructor(
    readonly knowledge: KnowledgeSettings,
    readonly place: SpecPlace,
    readonly dataset: StageRequest,
    readonly domain: Domain,
    split: StageRequest | null = null,
  ) {
    // Texts depend on a split only where prompts look at what is trained on.
    const depends = split !== null && knowledge.item_raters === "train";
    this.#shown = depends ? { dataset, split } : { dataset };
    // A variant that asks no model has no setting `prompts`.
    const prompts = knowledge.prompts ?? null;
    this.#templates = prompts === null ? null : resolvePath(prompts, place);
  }

  /** An actor or a reflector: an adapter fine-tuned on some classes of samples. */
  finetune(role: "actor" | "reflector", classes: readonly SampleClass[]): StageRequest {
    const { finetune, seed } = this.knowledge;
    const samples = this.#samples(classes);
    return finetuneStage(role, finetune, this.#model(role), seed, samples, this.place);
  }

  /** The actor, or where it is null the base model, writes about every user and item. */
  think(actor: StageRequest | null): StageRequest {
    const { users, items } = this.knowledge;
    const limits = { ...(users === "all" ? {} : { users }), ...(items === "all" ? {} : { items }) };
    return this.#infer("think", "think", actor === null ? {} : { adapter: actor }, limits);
  }

  /** The reflector judges texts. */
  reflect(text: StageRequest, reflector: StageRequest, iteration: number): StageRequest {
    return this.#infer("reflect", `reflect ${iteration}`, { text, adapter: reflector });
  }

  /** The actor rewrites the texts that were judged unreasonable. */
  refine(text: StageRequest, actor: StageRequest, iteration: number): StageRequest {
    return this.#infer("refine", `refine ${iteration}`, { text, adapter: actor });
  }

  /** Samples come from the user's own files, or from a teacher: think first, then review. */
  #samples(classes: readonly SampleClass[]): { readonly [input: string]: SampleSource } {
    const { finetune } = this.knowledge;
    if (bringsSamples(finetune)) {
      return { samples: { stage: ownSamplesStage(finetune, this.place), classes } };
    }
    this.#taught ??= teachStages(
      {
        ...this.knowledge,
        domain: this.domain,
        prompts: this.#templates,
        place: this.place,
      },
      this.dataset,
      this.#shown,
    );
    const thinking = classes.filter((name) => name === "thinking");
    const reviewed = classes.filter((name) => name !== "thinking");
    return {
      ...(thinking.length === 0 ? {} : { think: { stage: this.#taught.think, classes: thinking } }),
      ...(reviewed.length === 0
        ? {}
        : { review: { stage: this.#taught.review, classes: reviewed } }),
    };
  }

  #model(role: "actor" | "reflector"): KnowledgeSettings["actor"] {
    const { actor, reflector } = this.knowledge;
    return role === "actor" ? actor : (reflector ?? actor);
  }

  #infer(
    step: Step,
    label: string,
    inputs: StageRequest["inputs"],
    limits: Pick<InferParams, "users" | "items"> = {},
  ): StageRequest {
    const { history, item_raters, seed, infer } = this.knowledge;
    const templates = { domain: this.domain, prompts: this.#templates };
    return inferStage(
      {
        step,
        label,
        settings: infer,
        model: this.#model(step === "reflect" ? "reflector" : "actor"),
        seed,
        prompts: {
          history,
          item_raters,
          seed,
          templates: templateHashes(templates, [`user-${step}.student`, `item-${step}.student`]),
        },
        templates: this.#templates,
        limits,
        ...(step === "think" ? { coverage: this.knowledge.coverage } : {}),
        inputs: { ...this.#shown, ...inputs },
      },
      this.place,
    );
  }
}
