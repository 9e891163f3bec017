/** Resolvers of OmegaConf and Hydra, and names that other tools give theirs. */
const RESOLVER = /\$\{(?:oc\.\w+|env|hydra|now|eval|file|secrets?|vars?|var)[:.][^{}]*\}/i;
/** `${a.b}`, which a text with blanks may mean for somebody else: a shell in a server's command. */
const REFERENCE = /\$\{[A-Za-z_.][\w.[\]:/-]*\}/;
const WHOLE = /^(?:\$[A-Za-z_]\w*|\{\{[^{}]*\}\}|%\([\w.]+\)s)$/;

/**
 * What stands in a value for a config system (Hydra, OmegaConf, a template, a shell) to fill in; null
 * where there is nothing of the kind. r4ec fills in nothing, so such a value would be taken as it
 * stands: a model with this name, a folder with this name. A text with blanks is left alone unless a
 * resolver is named: it may be a command for a shell, or a description.
 */
export function interpolationIn(value: string): string | null {
  if (!value.includes("$") && !value.includes("{{") && !value.includes("%(")) return null;
  const text = value.trim();
  const found = RESOLVER.exec(text) ?? (/\s/.test(text) ? null : REFERENCE.exec(text));
  return found?.[0] ?? WHOLE.exec(text)?.[0] ?? null;
}
