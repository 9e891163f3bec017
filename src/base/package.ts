import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of r4ec itself: the nearest one above this file that holds a package.json. */
export const PACKAGE_ROOT = nearestPackage(path.dirname(fileURLToPath(import.meta.url)));

function nearestPackage(folder: string): string {
  if (existsSync(path.join(folder, "package.json"))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error("r4ec's own package.json was not found");
  return nearestPackage(parent);
}

/**
 * The absolute path of a file of r4ec that is not compiled: a Python script, a list of requirements,
 * a text. It is the same whether r4ec runs from its sources or compiled.
 *
 * @param name path from the package's root
 */
export const packageFile = (name: string): string => path.join(PACKAGE_ROOT, name);

/** Version of r4ec, from its package.json. */
export function packageVersion(): string {
  const text = readFileSync(path.join(PACKAGE_ROOT, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version?: string }).version ?? "unknown";
}
