import path from "node:path";
import { packageFile } from "../base/package.js";

/** A file of src/toolchain that is not compiled: requirement lists, Python scripts. */
export const toolchainFile = (...parts: string[]): string =>
  packageFile(path.posix.join("src", "toolchain", ...parts));

/** The C++ header that tfjs-node's binding is compiled with: how it makes sessions. */
export const SESSION_OPTIONS = toolchainFile("session-options.h");

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
