import { readDataset, readItems } from "../artifacts/dataset.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { PromptMaker } from "./prompts.js";
import { indexRaters } from "./raters.js";
import { loadTemplates, type TemplateName } from "./templates.js";

/** What decides the prompts of a stage. */
export interface PromptParams extends JsonObject {
  /** Interactions shown of a user, 10 at most. */
  readonly history: number;
  readonly item_raters: "early" | "train";
  readonly seed: number;
  /** Hash by template name: the text of a template is part of the identity. */
  readonly templates: { readonly [name: string]: string };
}

/**
 * Everything that prompts about a prepared data set are made of.
 *
 * @param inputs folders of the data set's artifact and, where raters come from the training positions of a
 *   split by users, of the split
 * @param own folder of the user's own templates, or null
 */
export async function openPromptMaker(
  inputs: { readonly [name: string]: string },
  params: PromptParams,
  own: string | null,
): Promise<PromptMaker> {
  const folder = inputs["dataset"]!;
  const dataset = await readDataset(folder, inputs["split"]);
  const items = await readItems(folder);
  const data = { ...dataset, titles: [null, ...items.map((item) => item.title)] };
  const templates = loadTemplates(dataset.domain, own);
  for (const [name, hash] of Object.entries(params.templates)) {
    if (templates.hash(name as TemplateName) !== hash) {
      throw new Error(`the template ${name} has changed since the sweep was planned; run it again`);
    }
  }
  return {
    data,
    templates,
    raters: indexRaters(data, params.item_raters, params.seed),
    history: params.history,
  };
}
