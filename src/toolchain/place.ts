import { existsSync } from "node:fs";
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

/** A file of src/toolchain that is not compiled: requirement lists, Python scripts. */
export const toolchainFile = (...parts: string[]): string =>
  path.join(PACKAGE_ROOT, "src", "toolchain", ...parts);

/** `linux-x64`, `linux-arm64`, `darwin-arm64`: the part of folder names that tells machines apart. */
export const platformName = (): string => `${process.platform}-${process.arch}`;

/** Where the parts stand under the toolchain folder. Nothing is ever written outside it. */
export const placesIn = (toolchain: string) => ({
  tensorflow: (version: string, flavour: string) =>
    path.join(toolchain, "tensorflow", `${version}-${flavour}-${platformName()}`),
  environment: (name: string) => path.join(toolchain, "python", name),
  uv: (version: string) => path.join(toolchain, "uv", `${version}-${platformName()}`),
  uvCache: path.join(toolchain, "uv", "cache"),
  compiler: (version: string) => path.join(toolchain, "ziglang", `${version}-${platformName()}`),
  downloads: path.join(toolchain, "downloads"),
});
