import { rename, rm } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { failedProgram, offline } from "./failure.js";
import type { PipFinder } from "./pip.js";
import { pip } from "./pip.js";
import { placesIn, SESSION_OPTIONS } from "./folders.js";
import type { Outcome } from "./program.js";
import { runProgram } from "./program.js";
import { readReady, recipeOf, unready, writeReady } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import { openFolder } from "../base/folder.js";

/** Version of PyPI's ziglang, whose C++ compiler serves machines that have none. */
export const ZIG_VERSION = "0.15.2";

/** A C++ compiler and how to call it. */
export interface Compiler {
  /** For people: `g++ (Debian 12.2.0-14) 12.2.0`. */
  readonly name: string;
  readonly program: string;
  /** Arguments before all others. */
  readonly first: readonly string[];
  readonly environment: { readonly [name: string]: string };
}

/** The machine's C++ compiler: $CXX, else the first of the usual names; null where there is none. */
export async function findCompiler(): Promise<Compiler | null> {
  const named = process.env["CXX"];
  const names = named === undefined || named === "" ? ["c++", "g++", "clang++"] : [named];
  for (const name of names) {
    const [program = name, ...first] = name.split(/\s+/);
    const outcome = await runProgram(program, [...first, "--version"], { timeout: 20_000 });
    if (!outcome.ok) continue;
    return { name: outcome.stdout.split("\n")[0] ?? name, program, first, environment: {} };
  }
  return null;
}

/** The C++ compiler inside PyPI's ziglang, fetched into the toolchain folder where it is missing. */
export async function fetchCompiler(
  findTool: PipFinder,
  toolchain: string,
  isOffline: boolean,
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<Compiler, UserError>> {
  const folder = placesIn(toolchain).compiler(ZIG_VERSION);
  const recipe = recipeOf({ ziglang: ZIG_VERSION });
  const program = path.join("ziglang", "zig");
  if ((await readReady(folder, recipe)) === null) {
    if (isOffline) return err(offline("a C++ compiler"));
    const tool = await findTool();
    if (!tool.ok) return tool;
    await unready(folder);
    await openFolder(folder);
    const outcome = await speaker.during(
      `fetching the C++ compiler of ziglang ${ZIG_VERSION}`,
      () =>
        pip(
          tool.value,
          [
            ...["install", "--no-deps", "--no-cache-dir", "--no-compile", "--upgrade"],
            ...["--target", folder, `ziglang==${ZIG_VERSION}`],
          ],
          { signal },
        ),
    );
    if (!outcome.ok) return err(failedProgram("ziglang could not be installed by pip", outcome));
    await writeReady(folder, recipe, { ziglang: ZIG_VERSION }, [program]);
  }
  return ok({
    name: `zig ${ZIG_VERSION} (from PyPI's ziglang)`,
    program: path.join(folder, program),
    first: ["c++"],
    environment: {
      ZIG_GLOBAL_CACHE_DIR: path.join(folder, "cache"),
      ZIG_LOCAL_CACHE_DIR: path.join(folder, "cache"),
    },
  });
}

/** What the binding is compiled from. */
export interface BindingSources {
  /** Folder of tfjs-node's C++ sources. */
  readonly sources: readonly string[];
  readonly includes: readonly string[];
  /** TensorFlow's libraries, absolute. */
  readonly libraries: readonly string[];
  /** Where the libraries will be found when the binding is loaded, relative to it. */
  readonly libraryFolder: string;
  /** The file to make. */
  readonly output: string;
}

/** Compiles and links tfjs-node's binding. The output appears whole or not at all. */
export async function compileBinding(
  compiler: Compiler,
  binding: BindingSources,
  signal?: AbortSignal,
): Promise<Outcome> {
  const mac = process.platform === "darwin";
  const draft = `${binding.output}.draft`;
  const outcome = await runProgram(
    compiler.program,
    [
      ...compiler.first,
      ...["-O2", "-std=c++17", "-fPIC", "-DNAPI_VERSION=8"],
      // Node itself provides the N-API functions once it loads the file.
      ...(mac
        ? ["-bundle", "-undefined", "dynamic_lookup"]
        : ["-shared", "-Wl,--allow-shlib-undefined"]),
      ...binding.includes.flatMap((folder) => ["-I", folder]),
      ...["-include", SESSION_OPTIONS],
      ...binding.sources,
      ...["-o", draft, ...binding.libraries],
      `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/${binding.libraryFolder}`,
    ],
    { env: compiler.environment, signal },
  );
  if (outcome.ok) await rename(draft, binding.output);
  else await rm(draft, { force: true });
  return outcome;
}
