import { existsSync } from "node:fs";
import path from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { isFolder, resolvePath } from "../files/spec-path.js";
import { mistake } from "../stage/mistake.js";
import { chatTemplateOf } from "./chat-template.js";
import { isFolderName, type NamedModel } from "./model-input.js";
import { checkPackagedName } from "./packaged.js";

/**
 * Mistakes in the name of a model that answers prompts.
 *
 * @param where dotted path of the setting that names it
 * @param ownTemplate true where whoever serves the model brings its chat template
 */
export function checkNamedModel(
  model: NamedModel,
  where: string,
  place: SpecPlace,
  ownTemplate = false,
): readonly Finding[] {
  // A name that does not fit the schema has been told, and is not there any more.
  if ((model as { readonly name?: string }).name === undefined) return [];
  const packaged = checkPackagedName(model.name, model.revision ?? null, where);
  if (packaged.length > 0) return packaged;
  if (isFolderName(model.name)) {
    const folder = resolvePath(model.name, place);
    if (!isFolder(folder)) return [mistake(where, `there is no folder ${model.name} (${folder})`)];
    if (!existsSync(path.join(folder, "config.json"))) {
      return [mistake(where, `${model.name} is not a model: it holds no config.json (${folder})`)];
    }
  }
  if (ownTemplate || (model.template ?? chatTemplateOf(model.name)) !== null) return [];
  const what =
    `the chat template of ${model.name} is not known from its name; ` +
    `name LLaMA-Factory's: {name: ${model.name}, template: qwen}`;
  return [mistake(where, what)];
}
