import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
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
 * The absolute path of a file of r4ec that is not imported: a Python script, a list of requirements, a text, or
 * a compiled program of `dist/` that Node starts by itself. It is the same whether r4ec runs from its sources or compiled.
 *
 * @param name path from the package's root
 */
export const packageFile = (name: string): string => path.join(PACKAGE_ROOT, name);

interface Manifest {
  readonly version?: string;
  readonly peerDependencies?: { readonly [name: string]: string };
}

const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;

/** Version of r4ec, from its package.json. */
export const packageVersion = (): string => manifestIn(PACKAGE_ROOT).version ?? "unknown";

/** The version of an optional npm package that r4ec works with, from its package.json. */
export function wantedVersion(name: string): string {
  const version = manifestIn(PACKAGE_ROOT).peerDependencies?.[name];
  if (version === undefined) throw new Error(`package.json names no peer dependency ${name}`);
  return version;
}

/**
 * Folder of an optional npm package in the wanted version: among r4ec's own packages, else among those
 * beside `file`. Null: it is in neither place.
 */
export function findPackage(name: string, file: string): string | null {
  for (const from of [path.join(PACKAGE_ROOT, "package.json"), file]) {
    try {
      const folder = path.dirname(createRequire(from).resolve(`${name}/package.json`));
      if (manifestIn(folder).version === wantedVersion(name)) return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return null;
}

/** What every stage runs in, whatever it needs beside: r4ec, Node and the kind of machine. */
export const ownSurroundings = (): { readonly [fact: string]: string } =>
  (surroundings ??= {
    r4ec: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  });

let surroundings: { readonly [fact: string]: string } | undefined;
