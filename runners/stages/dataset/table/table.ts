import type { JsonObject } from "../../../../src/base/json.js";
import type { DatasetSettings, ItemText, ReadTask, Source } from "../source.js";
import { ruleOf } from "../split-rule.js";
import { fieldInfo } from "./fields.js";
import { checkTable } from "./check.js";
import { inputFiles, inputOf } from "./inputs.js";
import { readInteractions } from "./interactions.js";
import { readItemTexts } from "./item-texts.js";
import { paramsOf, type TableParams } from "./params.js";
import { tableProperties } from "./schema.js";
import type { TableSettings } from "./settings.js";
import { readUserFields } from "./users.js";
import { wordsOf } from "./words.js";

const settingsOf = (settings: DatasetSettings): DatasetSettings & TableSettings => settings;
const tableParams = (params: JsonObject): TableParams => params as unknown as TableParams;

/** The one attribute of a table without attributes: unknown for every item. */
const NO_ATTRIBUTE = "attribute";

/** A table of the user's own: interactions, and items where there are titles. */
export const table: Source = {
  id: "table",
  description:
    "Tables of your own; give `interactions` and `label`, and `items` where there are titles",
  domain: "item",
  attributeFields: [NO_ATTRIBUTE],
  ratings: null,
  traits: (params) => {
    const { name, words, items, users, interactions } = tableParams(params);
    const attributes = items?.attributes.map(({ column }) => column) ?? [];
    return {
      id: name,
      domain: wordsOf(words ?? {}),
      attributeFields: attributes.length === 0 ? [NO_ATTRIBUTE] : attributes,
      fields: [
        ...(users?.fields ?? []).map((field) => fieldInfo("user", field)),
        ...(items?.fields ?? []).map((field) => fieldInfo("item", field)),
        ...(interactions.columns.fields ?? []).map((field) => fieldInfo("context", field)),
      ],
    };
  },
  defaults: { user_core: 1, item_core: 1 },
  sizes: {},
  properties: tableProperties,
  files: (settings, place) => inputFiles(settingsOf(settings), place),
  params: (settings) => paramsOf(settingsOf(settings)),
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
  if (items === undefined) {
    return new Map([...wanted].map((id) => [id, { title: null, attributes: [null] }]));
  }
  const { item, title, attributes, fields, ...file } = items;
  const input = inputOf("items", file, task.files);
  const columns = { item, title, attributes, ...(fields === undefined ? {} : { fields }) };
  const texts = await readItemTexts(task, input, columns, wanted);
  if (attributes.length > 0) return texts;
  return new Map([...texts].map(([id, text]) => [id, { ...text, attributes: [null] }]));
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
