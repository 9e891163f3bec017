import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { cosmiconfig } from "cosmiconfig";
import type { ArtifactChoice } from "./config.js";
import type { Diagnostic } from "../base/diagnostic.js";
import type { JsonObject } from "../base/json.js";
import { expandHome } from "../base/home.js";
import { isJsonObject } from "../base/json.js";
import { err, ok, type Result } from "../base/result.js";
import type { JsonSchema } from "../contract/science.js";
import { mistakesOfSpec } from "../spec/mistakes.js";
import { engineFragments } from "../spec/engine-fragments.js";
import { parseYaml } from "../spec/parse.js";
import { Places } from "../spec/places.js";
import { Report } from "../spec/report.js";
import { environmentsOf, trackingOf } from "../spec/resolved.js";
import { readSource } from "../spec/source.js";
import { Validator } from "../spec/validator.js";

/** A file of user-level settings, checked. */
export interface ConfigFile {
  /** Absolute path. */
  readonly file: string;
  readonly store?: string;
  readonly toolchain?: string;
  /** An address or "off". */
  readonly mlflowUri?: string;
  readonly mlflowArtifacts?: ArtifactChoice;
  readonly gpus?: "auto" | readonly number[];
  readonly offline?: boolean;
  /** Absolute folders of Python environments, by part. */
  readonly environments?: { readonly [part: string]: string };
}

/** Names a project's file may have, in the order they are looked for in each folder. */
export const projectFiles: readonly string[] = [
  "r4ec.config.yaml",
  "r4ec.config.yml",
  "r4ec.config.json",
  ".r4ecrc",
  ".r4ecrc.yaml",
  ".r4ecrc.yml",
  ".r4ecrc.json",
];
const userFiles = ["config.yaml", "config.yml", "config.json"];

const { tracking, resources } = engineFragments as { readonly [key: string]: JsonSchema };
const gpus = (resources!["properties"] as { [key: string]: JsonSchema })["gpus"]!;
const schema: JsonSchema = {
  type: "object",
  additionalProperties: false,
  required: [],
  properties: {
    store: { description: "Folder of artifacts and journals.", type: "string", minLength: 1 },
    toolchain: {
      description: "Folder of TensorFlow, Python environments and downloads.",
      type: "string",
      minLength: 1,
    },
    offline: { description: "Use nothing from the network.", type: "boolean" },
    tracking: tracking!,
    environments: {
      description: "Python environments that are there already: a folder for each part.",
      type: "object",
      additionalProperties: { type: "string", minLength: 1 },
    },
    resources: {
      description: "Cards to use.",
      type: "object",
      additionalProperties: false,
      properties: { gpus },
    },
  },
  patternProperties: {},
};

/** The project's file: the nearest one in `cwd` or a folder around it; null where there is none. */
export async function findProjectFile(cwd: string): Promise<string | null> {
  const explorer = cosmiconfig("r4ec", {
    searchPlaces: [...projectFiles],
    // Only found here; read with positions below.
    loaders: { ".yaml": path, ".yml": path, ".json": path, noExt: path },
    searchStrategy: "global",
    stopDir: resolve(cwd, "/"),
    cache: false,
    ignoreEmptySearchPlaces: false,
  });
  const found = (await explorer.search(cwd))?.filepath ?? null;
  // The strategy also looks into the folder of the user's settings, which come second here.
  return found !== null && contains(dirname(found), cwd) ? found : null;
}

/** The user's file in `$XDG_CONFIG_HOME/r4ec` (default ~/.config/r4ec); null where there is none. */
export function findUserFile(environment: {
  readonly [name: string]: string | undefined;
}): string | null {
  const folder = join(environment["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "r4ec");
  return userFiles.map((name) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** Reads and checks a file of user-level settings; paths in it are relative to it. */
export async function readConfigFile(
  file: string,
): Promise<Result<ConfigFile, readonly Diagnostic[]>> {
  const source = readSource(file);
  if (!source.ok) return err([source.error]);
  const parsed = parseYaml(source.value);
  const report = new Report(new Places(parsed.spot), [file]);
  for (const { position, message, path: at } of parsed.mistakes) {
    report.addAt(position, message, at?.join(".") ?? null);
  }
  if (!parsed.readable) return err(report.diagnostics);
  const document = parsed.value ?? {};
  if (!isJsonObject(document)) {
    const message = "a settings file holds a mapping (`store: ...`)";
    report.add("error", { where: [], at: "value", message });
    return err(report.diagnostics);
  }
  const validator = new Validator({
    root: schema,
    settings: new Map(),
    shortNames: {},
    cellKeys: [],
  });
  for (const problem of mistakesOfSpec(validator, document)) report.add("error", problem);
  if (report.failed) return err(report.diagnostics);
  return ok(settingsOfFile(file, document));
}

function settingsOfFile(file: string, document: JsonObject): ConfigFile {
  const folder = dirname(resolve(file));
  const { mlflow } = trackingOf(document);
  const tracking = mlflow === "off" ? { uri: mlflow } : mlflow;
  const cards = (document["resources"] as JsonObject | undefined)?.["gpus"];
  const pick = <T>(name: string, value: T | undefined): { readonly [name: string]: T } =>
    value === undefined ? {} : { [name]: value };
  const place = (key: string): string | undefined =>
    typeof document[key] === "string" ? expandHome(document[key], folder) : undefined;
  return {
    file,
    ...pick("store", place("store")),
    ...pick("toolchain", place("toolchain")),
    ...pick("mlflowUri", tracking.uri),
    ...pick("mlflowArtifacts", tracking.artifacts),
    ...pick("gpus", cards),
    ...pick("offline", document["offline"]),
    ...pick("environments", environmentsOf(document, folder)),
  };
}

const path = (filepath: string): string => filepath;
const contains = (folder: string, inner: string): boolean =>
  folder === inner || inner.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
