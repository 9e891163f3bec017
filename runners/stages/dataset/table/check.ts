import type { Finding } from "../../../../src/base/diagnostic.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { isFile } from "../../../base/files/spec-path.js";
import { absentData, mistake } from "../../../base/stage/mistake.js";
import type { DatasetSettings } from "../source.js";
import { checkAttributes, checkLabelled, checkTimes } from "./check-columns.js";
import { checkFields, type FieldColumn } from "./fields.js";
import { columnsOf, formOf } from "./form.js";
import { readHeader } from "./header.js";
import { filesOf } from "./inputs.js";
import { interactionColumns, isRecbole, itemColumns, userColumns } from "./params.js";
import { isPattern } from "./pattern.js";
import { longForm, type TableFile, type TableSettings } from "./settings.js";

/** Mistakes in a table's settings that the schema can't see. */
export function checkTable(
  settings: DatasetSettings & TableSettings,
  place: SpecPlace,
): readonly Finding[] {
  const { interactions, items, users, label } = settings;
  if (interactions === undefined) {
    return [
      mistake(
        "dataset",
        "table needs `interactions`, such as {file: ratings.csv, user: user_id, item: book_id, rating: stars, time: added}",
      ),
    ];
  }
  const at = "dataset.interactions";
  const columns = interactionColumns(settings);
  const findings: Finding[] = [...checkLabelled(settings)];
  const labelled = label !== undefined && "column" in label;
  for (const name of ["user", "item", "rating"] as const) {
    if (columns[name] !== "") continue;
    findings.push(mistake(at, `interactions needs \`${name}\`: the name of a column`));
  }
  findings.push(
    ...checkSource(at, interactions, place, [
      ["user", columns.user],
      ["item", columns.item],
      labelled ? ["", columns.rating ?? ""] : ["rating", columns.rating ?? ""],
      ["time", columns.time ?? ""],
      ...fieldsNamed(columns.fields),
    ]),
    ...checkTimes(settings, isRecbole(interactions)),
    ...checkFields(settings),
    ...(users === undefined ? [] : checkUsers(users, place)),
  );
  if (items === undefined) return findings;
  const { item, title, attributes } = itemColumns(items);
  if (item === "") {
    findings.push(mistake("dataset.items", "items needs `item`: the name of the column of ids"));
  }
  return [
    ...findings,
    ...checkAttributes(items),
    ...checkSource("dataset.items", items, place, [
      ["item", item],
      ["title", title ?? ""],
      ...attributes.map(({ column }) => ["attributes", column] as const),
      ...fieldsNamed(itemColumns(items).fields),
    ]),
  ];
}

const fieldsNamed = (fields: readonly FieldColumn[] = []): (readonly [string, string])[] =>
  fields.map(({ column }) => ["fields", column] as const);

function checkUsers(
  users: NonNullable<TableSettings["users"]>,
  place: SpecPlace,
): readonly Finding[] {
  const at = "dataset.users";
  const { user, fields } = userColumns(users);
  return [
    ...(user === "" ? [mistake(at, "users needs `user`: the name of the column of ids")] : []),
    ...(fields.length === 0
      ? [mistake(at, "users needs `fields`: columns of theirs, such as [country, age]")]
      : []),
    ...checkSource(at, users, place, [["user", user], ...fieldsNamed(fields)]),
  ];
}

/**
 * Mistakes about where the rows of a table come from.
 *
 * @param wanted settings with the columns that they name; a setting of "" is not of this block
 */
function checkSource(
  at: string,
  table: TableFile,
  place: SpecPlace,
  wanted: readonly (readonly [setting: string, column: string])[],
): Finding[] {
  const { sql, file, from } = table;
  if (sql !== undefined) {
    if (file !== undefined)
      return [mistake(`${at}.sql`, "give `file` or `sql`; a file of a query stands in `from`")];
    if (from === undefined)
      return [
        mistake(`${at}.sql`, "sql needs `from`: the files of its tables, {ratings: ratings.csv}"),
      ];
    return Object.entries(from).flatMap(([name, each]) =>
      checkFiles(`${at}.from.${name}`, longForm(each), place, []),
    );
  }
  if (from !== undefined) return [mistake(`${at}.from`, "only a query (sql) has tables in `from`")];
  if (file === undefined)
    return [mistake(at, "give `file`: a path or a pattern, relative to the spec")];
  return checkFiles(at, table, place, wanted);
}

function checkFiles(
  at: string,
  table: TableFile,
  place: SpecPlace,
  wanted: readonly (readonly [setting: string, column: string])[],
): Finding[] {
  const file = table.file!;
  const path = `${at}.file`;
  const found = filesOf(table, place);
  if (isPattern(file) ? found.length === 0 : !isFile(found[0]!)) {
    const message = isPattern(file) ? `no file is called ${file}` : `there is no file ${file}`;
    return [absentData(path, message)];
  }
  const form = formOf(table, file);
  if (form === null) {
    return [
      mistake(
        path,
        `how ${file} is written does not show in its name; set format (csv, tsv, jsonl, parquet, recbole) or delimiter`,
      ),
    ];
  }
  if (form.kind !== "delimited") return [];
  const columns =
    table.header === undefined
      ? readHeader(found[0]!, form)
      : columnsOf(table.header, form.recbole);
  // The stage tells what is wrong with a file whose first line can't be read.
  if (columns === null) return [];
  const names = columns.map(({ name }) => name);
  return wanted.flatMap(([setting, column]) => {
    if (column === "") return [];
    const found = columns.find(({ name }) => name === column);
    if (setting === "fields" && found?.kind === "float_seq") {
      const message = `${column} holds lists of numbers (float_seq), which are no field; leave it out`;
      return [mistake(`${at}.fields`, message)];
    }
    if (found !== undefined) return [];
    const all = names.map((name) => JSON.stringify(name)).join(", ");
    const where = setting === "" ? "dataset.label.column" : `${at}.${setting}`;
    return [mistake(where, `${file} has no column ${JSON.stringify(column)}; it has ${all}`)];
  });
}
