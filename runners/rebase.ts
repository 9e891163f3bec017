import type { Json, JsonObject } from "../src/base/json.js";
import { isJsonObject } from "../src/base/json.js";
import { isFolderName } from "./base/models/model-input.js";
import { isModule } from "./stages/ctr/index.js";
import { isModulePath } from "./stages/dataset/own-module/module.js";

const any = (): boolean => true;

/**
 * Every setting that names a file or a folder, by its keys (`*`: any key or item), with a test for
 * texts that name something else there: a model on the hub, a backbone of r4ec.
 */
const PATHS: readonly (readonly [keys: string, isPath: (text: string) => boolean])[] = [
  ["dataset", isModulePath],
  ["dataset.id", isModulePath],
  ["dataset.files.*", any],
  ["dataset.path", any],
  ["dataset.reviews", any],
  ["dataset.metadata", any],
  ["dataset.*.file", any],
  ["dataset.*.from.*", any],
  ["dataset.*.from.*.file", any],
  ["backbone", isModule],
  ["backbone.files.*", any],
  ["backbone.environment", any],
  ["knowledge.prompts", any],
  ["knowledge.file.*", any],
  ["knowledge.finetune.samples.*", any],
  ...["actor", "reflector", "teacher"].flatMap((model) =>
    ["", ".name", ".model", ".model.name"].map(
      (key) => [`knowledge.${model}${key}`, isFolderName] as const,
    ),
  ),
  ["knowledge.embed.model", isFolderName],
];

/** Settings of a spec with every relative path in them put through `move`; all else stays. */
export const rebase = (settings: JsonObject, move: (path: string) => string): JsonObject =>
  withCommand(
    settings,
    PATHS.reduce<JsonObject>(
      (moved, [keys, isPath]) =>
        changed(moved, keys.split("."), (text) => (isPath(text) ? move(text) : text)) as JsonObject,
      settings,
    ),
    move,
  );

function changed(value: Json, keys: readonly string[], change: (text: string) => string): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return typeof value === "string" ? change(value) : value;
  if (Array.isArray(value)) {
    return key === "*" ? value.map((one: Json) => changed(one, rest, change)) : value;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [
    name,
    key === "*" || key === name ? changed(one, rest, change) : one,
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

/** The words of a program's command that name one of its files move with the file, and so does the path of a Python. */
function withCommand(
  { backbone: before }: JsonObject,
  moved: JsonObject,
  move: (path: string) => string,
): JsonObject {
  const backbone = moved["backbone"];
  if (!isJsonObject(before) || !isJsonObject(backbone)) return moved;
  const [files, command] = [before["files"] ?? [], before["command"]];
  if (!Array.isArray(command)) return moved;
  const words = command.map((word: Json, at) => {
    if (typeof word !== "string") return word;
    return (Array.isArray(files) && files.includes(word)) || (at === 0 && word.includes("/"))
      ? move(word)
      : word;
  });
  return { ...moved, backbone: { ...backbone, command: words } };
}
