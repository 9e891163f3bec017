import type { JsonObject } from "../../../../src/base/json.js";
import type { DatasetSettings, ItemText, ReadTask, Source } from "../source.js";
import { ruleOf } from "../split-rule.js";
import { checkTable } from "./check.js";
import { inputFiles, inputOf } from "./inputs.js";
import { readInteractions } from "./interactions.js";
import { readItemTexts } from "./item-texts.js";
import { paramsOf, type TableParams } from "./params.js";
import { tableProperties } from "./schema.js";
import type { TableSettings } from "./settings.js";
import { NO_ATTRIBUTE, traitsOf, undescribed, withoutAttributes } from "./traits.js";
import { readUserFields } from "./users.js";

const settingsOf = (settings: DatasetSettings): DatasetSettings & TableSettings => settings;
const tableParams = (params: JsonObject): TableParams => params as unknown as TableParams;

/** A table of the user's own: interactions, and items where there are titles. */
export const table: Source = {
  id: "table",
  description:
    "Tables of your own; give `interactions` and `label`, and `items` where there are titles",
  domain: "item",
  attributeFields: [NO_ATTRIBUTE],
  ratings: null,
  traits: (params) => traitsOf(tableParams(params)),
  defaults: { user_core: 1, item_core: 1 },
  sizes: {},
  properties: tableProperties,
  files: (settings, place) => inputFiles(settingsOf(settings), place),
  params: (settings, place) => paramsOf(settingsOf(settings), place),
  // The column of the split was taken to be the last field of the context.
  misread: (_, params) =>
    ruleOf(params).by === "column" && tableParams(params).interactions.columns.fields !== undefined,
  check: (settings, place) => checkTable(settingsOf(settings), place),
  readRatings: (task) => {
    const { interactions } = tableParams(task.params);
    const { columns, ...file } = interactions;
    const input = inputOf("interactions", file, task.files);
    const rule = ruleOf(task.params);
    const part = rule.by === "column" ? rule : null;
    return readInteractions(task, input, columns, file, part);
  },
  readItems,
  readUsers,
  orderKey: () => (seconds) => seconds,
};

async function readItems(
  task: ReadTask,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ItemText>> {
  const { items } = tableParams(task.params);
  if (items === undefined) return undescribed(wanted);
  const { item, title, attributes, fields, ...file } = items;
  const input = inputOf("items", file, task.files);
  const columns = { item, title, attributes, ...(fields === undefined ? {} : { fields }) };
  const texts = await readItemTexts(task, input, columns, wanted);
  return attributes.length > 0 ? texts : withoutAttributes(texts);
}

async function readUsers(
  task: ReadTask,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { users } = tableParams(task.params);
  if (users === undefined) return new Map();
  const { user, fields, ...file } = users;
  return readUserFields(task, inputOf("users", file, task.files), { user, fields }, wanted);
}
