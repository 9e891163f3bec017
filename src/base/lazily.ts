import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/**
 * A CommonJS package that is loaded when it is first asked for, so that commands which do without it
 * start faster. `Package` is `typeof import(NAME)`.
 */
export function lazily<Package>(name: string): () => Package {
  let loaded: Package | undefined;
  return () => (loaded ??= load(name) as Package);
}
