import { isJsonObject, type JsonObject } from "../../../../src/base/json.js";
import { err, ok, type Result } from "../../../../src/base/result.js";
import { loadModule } from "../../../base/modules/load.js";
import { faultOfOptions } from "../../../base/modules/option-fault.js";

/** What a source of the user's own gives: rows of these tables, of which it may leave out the last two. */
export const PARTS = ["interactions", "items", "users"] as const;
export type Part = (typeof PARTS)[number];

/** What a function of a source is called with. */
export interface Asked {
  /** The options of the spec, with the defaults of the others. */
  readonly options: JsonObject;
  /** Absolute paths of the files that the spec gives it, by name. */
  readonly files: { readonly [name: string]: string };
  /** A remark for the user: a warning that stays with the result. */
  note(message: string): void;
  /** How far it is, for the display. */
  progress(done: number, total: number): void;
}

/** Gives rows: an array, a generator, anything that can be iterated, or a promise of it. */
export type GivePart = (asked: Asked) => unknown;

/** A source of the user's own: what its module exports. */
export type OwnSource = {
  readonly id: string;
  readonly description: string;
  /** JSON Schema of its options; none if left out. */
  readonly options: JsonObject;
  /** Names of the files that the spec has to give it. */
  readonly files: readonly string[];
  /** A block `dataset` that stands where the spec leaves something out. */
  readonly settings: JsonObject;
} & { readonly [part in Part]?: GivePart };

/** Endings of a module's file. */
const MODULE = /\.(js|mjs|cjs|ts)$/u;

/** True for the path of a module of the user's own. */
export const isModulePath = (id: unknown): id is string =>
  typeof id === "string" && MODULE.test(id);

/** {@link isModulePath} as a pattern of a JSON Schema. */
export const modulePattern = MODULE.source;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/u;

/**
 * The source that a module exports, as `source` or by default. The error is a sentence for the user.
 *
 * @param path absolute
 */
export function loadSource(path: string): Result<OwnSource, string> {
  const loaded = loadModule(path, "a data set");
  if (!loaded.ok) return loaded;
  const candidate = loaded.value["source"] ?? loaded.value["default"];
  const fault = faultOf(candidate);
  if (fault !== null) return err(`${path} ${fault}`);
  const source = candidate as Partial<OwnSource> & Pick<OwnSource, "id" | "description">;
  return ok({ options: {}, files: [], settings: {}, ...source });
}

function faultOf(candidate: unknown): string | null {
  if (typeof candidate !== "object" || candidate === null) {
    return "must export a source, as `source` or by default: an object with id, description and interactions";
  }
  const { id, description, options, files, settings, ...rest } = candidate as JsonObject;
  if (typeof id !== "string" || !ID.test(id)) {
    return "exports a source whose id is not a name of letters, digits, dots, hyphens and underscores";
  }
  if (typeof description !== "string") return "exports a source whose description is not a text";
  for (const part of PARTS) {
    const given = rest[part] as unknown;
    if (given === undefined ? part !== "interactions" : typeof given === "function") continue;
    return `exports a source whose ${part} is not a function`;
  }
  const unknown = Object.keys(rest).find((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    return `exports a source with ${JSON.stringify(unknown)}, which r4ec does not know; it may have id, description, options, files, settings, ${PARTS.join(", ")}`;
  }
  const isNames =
    Array.isArray(files) && files.every((name) => typeof name === "string" && name !== "");
  if (files !== undefined && !isNames) {
    return "exports a source whose files are not a list of names, such as [log]";
  }
  if (settings !== undefined && !isJsonObject(settings)) {
    return "exports a source whose settings are not a block of `dataset`";
  }
  if (options === undefined) return null;
  if (!isJsonObject(options)) return "exports a source whose options are not a JSON Schema";
  return faultOfOptions("source", options);
}
