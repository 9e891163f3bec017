import type { FileInput } from "../../../../src/contract/runner.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { resolvePath } from "../../../base/files/spec-path.js";
import { filesOfPattern, isPattern } from "./pattern.js";
import type { TableInput } from "./row.js";
import { longForm, type TableFile, type TableSettings } from "./settings.js";

/** The files of a table's own path or pattern, absolute, in the order in which they are read. */
export function filesOf({ file }: TableFile, place: SpecPlace): string[] {
  if (file === undefined) return [];
  const path = resolvePath(file, place);
  return isPattern(file) ? filesOfPattern(path) : [path];
}

/**
 * Every file of the tables of a spec, by names that {@link inputOf} reads: `interactions.0`,
 * `interactions.from.books.0`.
 */
export function inputFiles(
  { interactions, items, users }: TableSettings,
  place: SpecPlace,
): { readonly [name: string]: FileInput } {
  const named: [string, FileInput][] = [];
  const add = (name: string, table: TableFile): void => {
    filesOf(table, place).forEach((path, n) => named.push([`${name}.${n}`, { path }]));
    for (const [each, from] of Object.entries(table.from ?? {}))
      add(`${name}.from.${each}`, longForm(from));
  };
  if (interactions !== undefined) add("interactions", interactions);
  if (items !== undefined) add("items", items);
  if (users !== undefined) add("users", users);
  return Object.fromEntries(named);
}

/** What is read of a table in its stage. */
export function inputOf(
  what: "interactions" | "items" | "users",
  table: TableFile,
  files: { readonly [name: string]: string },
): TableInput {
  const pathsOf = (name: string): string[] => {
    const paths: string[] = [];
    for (let n = 0; files[`${name}.${n}`] !== undefined; n++) paths.push(files[`${name}.${n}`]!);
    return paths;
  };
  const from = Object.keys(table.from ?? {}).map(
    (name) => [name, pathsOf(`${what}.from.${name}`)] as const,
  );
  return { what, table, paths: pathsOf(what), from: Object.fromEntries(from) };
}
