import type { JsonObject } from "../../../../src/base/json.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import type { DatasetSettings } from "../source.js";
import { formOf } from "./form.js";
import { fieldColumns } from "./fields.js";
import type { InteractionColumns } from "./interactions.js";
import type { ItemColumns } from "./item-texts.js";
import { tableColumns } from "./header.js";
import { longForm } from "./settings.js";
import type {
  AttributeSetting,
  FieldSetting,
  InteractionSettings,
  TableFile,
  TableSettings,
} from "./settings.js";
import type { UserColumns } from "./users.js";
import type { WordSettings } from "./words.js";

/** What decides a table's content beside its files. */
export interface TableParams {
  readonly name: string;
  readonly interactions: Pick<InteractionSettings, "time_unit" | "time_format"> &
    TableFile & { readonly columns: InteractionColumns };
  readonly items?: TableFile & ItemColumns;
  readonly users?: TableFile & UserColumns;
  readonly words?: WordSettings;
}

/**
 * The parameters of a table's stage. A path is not among them; what form a file has is.
 *
 * @param place where the spec stands, if headers of files are to say what their columns hold
 */
export function paramsOf(
  given: DatasetSettings & TableSettings,
  place: SpecPlace | null = null,
): JsonObject {
  const settings = place === null ? given : withHeaderKinds(given, place);
  const { name, interactions = {}, items, users, words } = settings;
  const { time_unit, time_format } = interactions;
  const params = {
    name: name ?? "table",
    interactions: {
      ...fileParams(interactions),
      ...(time_unit === undefined ? {} : { time_unit }),
      ...(time_format === undefined ? {} : { time_format }),
      columns: interactionColumns(settings),
    },
    ...(items === undefined ? {} : { items: { ...fileParams(items), ...itemColumns(items) } }),
    ...(users === undefined ? {} : { users: { ...fileParams(users), ...userColumns(users) } }),
    ...(words === undefined ? {} : { words }),
  };
  return params as unknown as JsonObject;
}

/**
 * Settings in which a column that a header calls a number (RecBole's `age:float`) is a field with a number,
 * where the spec does not say what it is.
 */
function withHeaderKinds<S extends DatasetSettings & TableSettings>(
  settings: S,
  place: SpecPlace,
): S {
  const blocks = ["interactions", "items", "users"] as const;
  const known = blocks.flatMap((name) => {
    const block = settings[name];
    if (block?.fields === undefined || !isRecbole(block)) return [];
    const columns = tableColumns(block, place) ?? [];
    const fields = block.fields.map((field): FieldSetting => {
      const long = typeof field === "string" ? { column: field } : field;
      const kind = columns.find((column) => column.name === long.column)?.kind;
      const said = ["separator", "buckets", "standardise"].some((key) => key in long);
      return kind === "float" && !said ? { ...long, standardise: true } : field;
    });
    return [[name, { ...block, fields }] as const];
  });
  return { ...settings, ...Object.fromEntries(known) };
}

/** A file's settings without its path, and with the format that its name shows. */
function fileParams(table: TableFile): JsonObject {
  const { file, sql, from, format, delimiter, quote, encoding, header } = table;
  const shown = file === undefined || format !== undefined ? undefined : formOf(table, file);
  const known =
    shown === undefined || shown === null
      ? format
      : shown.kind === "delimited"
        ? shown.recbole
          ? "recbole"
          : shown.form.delimiter === "\t" && delimiter === undefined
            ? "tsv"
            : "csv"
        : shown.kind;
  const tables = Object.entries(from ?? {}).map(([name, each]) => [
    name,
    fileParams(longForm(each)),
  ]);
  return {
    ...(known === undefined ? {} : { format: known }),
    ...(sql === undefined ? {} : { sql, from: Object.fromEntries(tables) as JsonObject }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(quote === undefined ? {} : { quote }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(header === undefined ? {} : { header: header as string[] }),
  };
}

/** True for files in RecBole's layout, whose columns have known names. */
export const isRecbole = (table: TableFile): boolean => {
  const form = table.file === undefined ? null : formOf(table, table.file);
  return form?.kind === "delimited" && form.recbole;
};

/** The columns of interactions; RecBole's names where a file in its layout leaves them out. */
export function interactionColumns(
  settings: Pick<DatasetSettings, "label"> & TableSettings,
): InteractionColumns {
  const { interactions = {}, label } = settings;
  const usual = isRecbole(interactions)
    ? { user: "user_id", item: "item_id", rating: "rating", time: "timestamp" }
    : { user: "", item: "", rating: "", time: null };
  const column = label !== undefined && "column" in label ? label.column : undefined;
  const implicit = label !== undefined && "implicit" in label;
  return {
    user: interactions.user ?? usual.user,
    item: interactions.item ?? usual.item,
    rating: implicit ? null : (column ?? interactions.rating ?? usual.rating),
    time: interactions.time ?? usual.time,
    ...(interactions.fields === undefined ? {} : { fields: fieldColumns(interactions.fields) }),
  };
}

/** The columns of users. */
export const userColumns = (users: NonNullable<TableSettings["users"]>): UserColumns => ({
  user: users.user ?? (isRecbole(users) ? "user_id" : ""),
  fields: fieldColumns(users.fields),
});

/** The columns of items. */
export function itemColumns(items: NonNullable<TableSettings["items"]>): ItemColumns {
  return {
    item: items.item ?? (isRecbole(items) ? "item_id" : ""),
    title: items.title ?? null,
    attributes: (items.attributes ?? []).map((attribute: AttributeSetting) =>
      typeof attribute === "string"
        ? { column: attribute, separator: null }
        : { column: attribute.column, separator: attribute.separator },
    ),
    ...(items.fields === undefined ? {} : { fields: fieldColumns(items.fields) }),
  };
}
