import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { ExitCode, UserError } from "../base/exit.js";
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

/**
 * Folders of the packages that r4ec runs with: those that package.json names as dependencies or as optional
 * peers, and what these need in turn, as npm noted them.
 *
 * Throws a {@link UserError} where npm installed r4ec itself as a package: then its packages lie among others.
 */
async function runtimePackages(root: string): Promise<readonly string[]> {
  const file = path.join(root, "node_modules", ".package-lock.json");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new UserError("r4ec itself can be packed from a clone only; npm installed this one", {
      exitCode: ExitCode.usage,
      hint: "run r4ec setup --pack in a clone of r4ec",
    });
  });
  const { packages } = JSON.parse(text) as {
    readonly packages: { readonly [folder: string]: Needs };
  };
  const found = new Set<string>();
  const visit = (from: string, { dependencies, optionalDependencies, peerDependencies }: Needs) => {
    for (const name of Object.keys({
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
    })) {
      const folder = nearest(from, name).find((one) => packages[one] !== undefined);
      if (folder === undefined || found.has(folder)) continue;
      found.add(folder);
      visit(folder, packages[folder]!);
    }
  };
  visit("", JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as Needs);
  return [...found].sort();
}

/** What a package needs to run. */
interface Needs {
  readonly dependencies?: { readonly [name: string]: string };
  readonly optionalDependencies?: { readonly [name: string]: string };
  readonly peerDependencies?: { readonly [name: string]: string };
}

/** Where Node looks for a package that the one in `from` asks for, the nearest place first. */
function nearest(from: string, name: string): readonly string[] {
  const places: string[] = [];
  for (let folder = from; folder !== "";) {
    places.push(`${folder}/node_modules/${name}`);
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")));
  }
  return [...places, `node_modules/${name}`];
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
