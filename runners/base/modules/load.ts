import { createRequire } from "node:module";
import { err, ok, type Result } from "../../../src/base/result.js";
import { loadTypeScript } from "./typescript.js";

/**
 * What a module of the user's exports. A process loads a file once. The error is a sentence for the
 * user.
 *
 * @param path absolute path of a .js, .mjs, .cjs or .ts file
 * @param what it should be, for the message: `a backbone`
 */
export function loadModule(
  path: string,
  what: string,
): Result<{ readonly [name: string]: unknown }, string> {
  try {
    if (path.endsWith(".ts")) loadTypeScript();
    const loaded = createRequire(import.meta.url)(path) as unknown;
    return ok(typeof loaded === "object" && loaded !== null ? { ...loaded } : {});
  } catch (error) {
    return err(`${path} can't be loaded as ${what}: ${(error as Error).message}`);
  }
}
