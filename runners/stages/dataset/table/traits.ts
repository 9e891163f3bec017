import type { ItemText, Source } from "../source.js";
import { fieldInfo } from "./fields.js";
import type { TableParams } from "./params.js";
import { wordsOf } from "./words.js";

/** The one attribute of items without attributes: unknown for every item. */
export const NO_ATTRIBUTE = "attribute";

/** What of a data set follows from the parameters of its tables. */
export function traitsOf({
  name,
  words,
  items,
  users,
  interactions,
}: TableParams): ReturnType<NonNullable<Source["traits"]>> {
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
}

/** Items that no table describes: neither title nor attribute. */
export const undescribed = (wanted: ReadonlySet<string>): Map<string, ItemText> =>
  new Map([...wanted].map((id) => [id, { title: null, attributes: [null] }]));

/** Texts of items without attributes, with the one that is unknown. */
export const withoutAttributes = (texts: ReadonlyMap<string, ItemText>): Map<string, ItemText> =>
  new Map([...texts].map(([id, text]) => [id, { ...text, attributes: [null] }]));
