import type { Domain } from "../artifacts/domain.js";
import { loadTemplates, type TemplateName } from "./templates.js";

/** Hash by name of the templates that a stage's steps use: part of its identity. */
export function templateHashes(
  settings: {
    /** Which words of words.yaml the templates are filled with. */
    readonly domain: Domain;
    /** Absolute folder of the user's own templates, or null. */
    readonly prompts: string | null;
  },
  names: readonly TemplateName[],
): { readonly [name: string]: string } {
  const templates = loadTemplates(settings.domain, settings.prompts);
  return Object.fromEntries(names.map((name) => [name, templates.hash(name)]));
}
