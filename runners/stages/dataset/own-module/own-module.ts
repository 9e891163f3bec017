import { UserError } from "../../../../src/base/exit.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { JsonSchema } from "../../../../src/contract/science.js";
import { resolvePath } from "../../../base/files/spec-path.js";
import type { DatasetSettings, ItemText, ReadTask, Source } from "../source.js";
import { ruleOf } from "../split-rule.js";
import { readInteractions } from "../table/interactions.js";
import { readItemTexts } from "../table/item-texts.js";
import type { TableParams } from "../table/params.js";
import { tableProperties } from "../table/schema.js";
import { NO_ATTRIBUTE, traitsOf, undescribed, withoutAttributes } from "../table/traits.js";
import { readUserFields } from "../table/users.js";
import { checkModule } from "./check.js";
import { GIVEN_FILE, MODULE_FILE, type ModuleTask, openRows } from "./open.js";
import { moduleParams, type ModuleSettings } from "./params.js";
import type { Ratings } from "../ratings.js";

type Params = TableParams & { readonly options: JsonObject };

const settingsOf = (settings: DatasetSettings): DatasetSettings & ModuleSettings => settings;
const paramsIn = (params: JsonObject): Params => params as unknown as Params;

/** What settings say without any module: those of one that is loaded are its own. */
export const moduleProperties: { readonly [setting: string]: JsonSchema } = {
  ...tableProperties,
  options: {
    description: "A module of your own: its options, as its own schema describes them.",
    type: "object",
  },
  files: {
    description:
      "A module of your own: the files that it reads, relative to the spec, by the names that it gives them.",
    type: "object",
    additionalProperties: {
      description: "A file, relative to the spec.",
      type: "string",
      minLength: 1,
    },
  },
};

/** A module of the user's own as a data set: it gives rows as a table's files do. */
export const ownModule: Source = {
  id: "module",
  called: "a module of your own",
  description: "A module of your own that gives the rows of tables",
  domain: "item",
  attributeFields: [NO_ATTRIBUTE],
  ratings: null,
  traits: (params) => traitsOf(paramsIn(params)),
  defaults: { user_core: 1, item_core: 1 },
  sizes: {},
  properties: moduleProperties,
  files(settings, place) {
    const { id, files = {} } = settingsOf(settings);
    const given = Object.entries(files).map(([name, file]) => [
      `${GIVEN_FILE}${name}`,
      { path: resolvePath(file, place) },
    ]);
    return { [MODULE_FILE]: { path: resolvePath(id, place) }, ...Object.fromEntries(given) };
  },
  params: (settings) => moduleParams(settingsOf(settings)),
  check: (settings, place) => checkModule(settingsOf(settings), place),
  readRatings,
  readItems,
  readUsers,
  orderKey: () => (seconds) => seconds,
};

async function readRatings(task: ReadTask & ModuleTask): Promise<Ratings> {
  const { columns, ...settings } = paramsIn(task.params).interactions;
  const rows = (await openRows(task, "interactions"))!;
  const time = columns.time ?? (rows.has("time") ? "time" : null);
  const rule = ruleOf(task.params);
  const part = rule.by === "column" ? rule : null;
  const ratings = await readInteractions(task, rows.input, { ...columns, time }, settings, part);
  if (ratings.user.length > 0) return ratings;
  throw new UserError(`${task.files[MODULE_FILE]}: interactions gives no row with a rating`);
}

async function readItems(
  task: ReadTask & ModuleTask,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ItemText>> {
  const { item, title, attributes, fields } = paramsIn(task.params).items!;
  const rows = await openRows(task, "items");
  if (rows === null) return undescribed(wanted);
  const columns = {
    item,
    title: title ?? (rows.has("title") ? "title" : null),
    attributes,
    ...(fields === undefined ? {} : { fields }),
  };
  const texts = await readItemTexts(task, rows.input, columns, wanted);
  return attributes.length > 0 ? texts : withoutAttributes(texts);
}

async function readUsers(
  task: ReadTask & ModuleTask,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { users } = paramsIn(task.params);
  const rows = users === undefined ? null : await openRows(task, "users");
  if (users === undefined || rows === null) return new Map();
  const { user, fields } = users;
  return readUserFields(task, rows.input, { user, fields }, wanted);
}
