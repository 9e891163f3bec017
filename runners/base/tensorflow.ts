import { Module, createRequire } from "node:module";
import { existsSync } from "node:fs";
import util from "node:util";
import { findPackage } from "../../src/base/package.js";
import type * as TensorFlow from "@tensorflow/tfjs-node-gpu";

export type { TensorFlow };

/** Environment variable that holds the absolute path of the binding that `r4ec setup` built. */
export const BINDING_VARIABLE = "R4EC_TFJS_BINDING";

let loaded: typeof TensorFlow | undefined;

/**
 * Loads @tensorflow/tfjs-node-gpu with the binding named by R4EC_TFJS_BINDING. The package looks
 * for its binding through node-pre-gyp; that module is answered for here, so that one installed
 * package serves the CPU and the GPU binding and nothing is written into node_modules.
 *
 * Throws where the variable is not set or the file is not there.
 */
export function loadTensorFlow(): typeof TensorFlow {
  if (loaded !== undefined) return loaded;
  const binding = process.env[BINDING_VARIABLE];
  if (binding === undefined || !existsSync(binding)) {
    throw new Error(
      `TensorFlow's binding is missing (${BINDING_VARIABLE}=${binding ?? ""}): run r4ec setup`,
    );
  }
  restoreRemovedUtilities();
  const require = createRequire(import.meta.url);
  const folder = tensorFlowPackage();
  const packageRequire = createRequire(require.resolve(folder));
  const finder = packageRequire.resolve("@mapbox/node-pre-gyp");
  const answer = new Module(finder);
  answer.filename = finder;
  answer.loaded = true;
  answer.exports = { find: () => binding };
  require.cache[finder] = answer;
  loaded = require(folder) as typeof TensorFlow;
  return loaded;
}

/**
 * Folder of @tensorflow/tfjs-node-gpu: among r4ec's own packages, else beside the binding, where `r4ec setup`
 * puts it for an r4ec that npm installed as a package.
 *
 * Throws where it is in neither place.
 */
export function tensorFlowPackage(): string {
  const name = "@tensorflow/tfjs-node-gpu";
  const found = findPackage(name, process.env[BINDING_VARIABLE] ?? import.meta.filename);
  if (found === null) throw new Error(`the npm package ${name} is missing: run r4ec setup`);
  return found;
}

/** tfjs-node 4.22 calls two functions of node:util that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const old: { isNullOrUndefined?: (value: unknown) => boolean; isArray?: typeof Array.isArray } =
    util;
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}
