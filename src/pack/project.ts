import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { PACKAGE_ROOT } from "../base/package.js";
import type { TarEntry } from "./tar.js";

/** What npm takes along without being told. */
const ALWAYS = ["package.json", "README.md", "LICENSE"];

/** What only compilers, browsers and debuggers read of a package. */
const NOT_RUN = /\.(?:map|flow|html|tsbuildinfo|d\.[cm]?ts)$/u;

/** Packages of TensorFlow.js of which Node loads one file each; the others are for browsers. */
const FOR_NODE =
  /^node_modules\/@tensorflow\/tfjs(?:-(?:core|layers|converter|data|backend-cpu|backend-webgl))?\//u;

/**
 * r4ec itself: the compiled program, its sources, and the npm packages that it runs with, without those
 * for its development.
 */
export async function projectFiles(root = PACKAGE_ROOT): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  const add = (name: string): unknown =>
    entries.push({ name: `r4ec/${name}`, file: path.join(root, name) });
  for (const name of [...ALWAYS, ...(await ownFiles(root))]) {
    for (const file of await filesUnder(root, name)) {
      if (!file.endsWith(".map") && !file.includes("__pycache__/")) add(file);
    }
  }
  for (const folder of await runtimePackages(root)) {
    for (const file of await filesUnder(root, folder)) {
      // A package inside another one is an entry of its own.
      if (file.slice(folder.length).includes("/node_modules/")) continue;
      if (!NOT_RUN.test(file) && !isForBrowsers(file)) add(file);
    }
  }
  // The notes of npm and of npm run build that the packages are those of package-lock.json.
  for (const note of [".package-lock.json", ".r4ec-packages.json"]) {
    for (const file of await filesUnder(root, `node_modules/${note}`)) add(file);
  }
  return entries;
}

/** Folders and files that make r4ec up, as package.json lists them. */
async function ownFiles(root: string): Promise<readonly string[]> {
  const text = await readFile(path.join(root, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly files: readonly string[] }).files;
}

const isForBrowsers = (file: string): boolean =>
  FOR_NODE.test(file) && !/(?:\.node\.js|\/package\.json|\/LICENSE[^/]*)$/u.test(file);

/** Folders of the packages that are not for development alone, as npm noted them. */
async function runtimePackages(root: string): Promise<readonly string[]> {
  const noted = JSON.parse(
    await readFile(path.join(root, "node_modules", ".package-lock.json"), "utf8"),
  ) as { readonly packages: { readonly [folder: string]: { readonly dev?: boolean } } };
  return Object.entries(noted.packages)
    .filter(([, { dev }]) => dev !== true)
    .map(([folder]) => folder)
    .sort();
}

/** Files under a folder, or the file of this name, by their paths from the root; none where it is not there. */
async function filesUnder(root: string, name: string): Promise<readonly string[]> {
  const entries = await readdir(path.join(root, name), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      if (error.code === "ENOTDIR") return "file";
      throw error;
    },
  );
  if (entries === null) return [];
  if (entries === "file") return [name];
  const below = await Promise.all(
    entries.map((entry) => {
      const child = `${name}/${entry.name}`;
      if (entry.isDirectory()) return filesUnder(root, child);
      return entry.isFile() ? [child] : [];
    }),
  );
  return below.flat().sort();
}
