import { closeSync, openSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { UserError } from "../../../../src/base/exit.js";
import { openFolder } from "../../../../src/base/folder.js";
import { BadLines } from "./bad-lines.js";
import type { DelimitedForm } from "./delimited.js";
import { type Duck, named, quoted, withDuck } from "./duck.js";
import { jsonCopy } from "./json-copy.js";
import { type FileForm, formOf } from "./form.js";
import { readHeader } from "./header.js";
import { type DelimitedFile, eachDelimitedRow } from "./delimited-rows.js";
import {
  LIST_GAP,
  type RowReader,
  type RowTask,
  type TableInput,
  type WantedColumn,
} from "./row.js";
import { longForm, type TableFile } from "./settings.js";

/** The form of the copies that DuckDB writes. */
const COPY: DelimitedForm = { delimiter: ",", quote: '"', encoding: "utf-8" };

/** A file that can be read row by row. */
export interface ReadableFile {
  readonly path: string;
  readonly form: Exclude<FileForm, { kind: "parquet" }>;
  /** What messages call a place in it, by the line and the number of the record. */
  readonly shown: (line: number, record: number) => string;
  readonly header: readonly string[] | undefined;
}

/**
 * The files of a table as text: those that are text as they are, Parquet and the result of a query
 * as copies with the wanted columns alone, in a folder of the stage that is taken away by `dispose`.
 */
export async function readableFiles(
  task: RowTask,
  input: TableInput,
  wanted: readonly WantedColumn[],
): Promise<{ readonly files: readonly ReadableFile[]; dispose(): Promise<void> }> {
  const folder = join(task.work, `table-${input.what.replace(/\W+/gu, "-")}`);
  await rm(folder, { recursive: true, force: true });
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  if (input.table.sql !== undefined) {
    await openFolder(folder);
    return { files: [await queryCopy(task, input, wanted, folder)], dispose };
  }
  const files: ReadableFile[] = [];
  for (const path of input.paths) {
    const form = knownForm(input.table, path);
    if (form.kind === "parquet") {
      await openFolder(folder);
      const target = join(folder, `${files.length}.csv`);
      await withDuck(folder, task.stop, (duck) =>
        copy(duck, path, `select * from read_parquet(${quoted(path)})`, wanted, target, ""),
      );
      files.push({ ...copied(target, wanted), shown: (_, record) => `${path}: row ${record}` });
    } else {
      const shown = (line: number): string => `${path}:${line}`;
      files.push({ path, form, shown, header: input.table.header });
    }
  }
  return { files, dispose };
}

function knownForm(table: TableFile, path: string): FileForm {
  const form = formOf(table, path);
  if (form !== null) return form;
  throw new UserError(`${path}: what form the file has does not show in its name; set format`);
}

const copied = (
  path: string,
  wanted: readonly WantedColumn[],
): Pick<ReadableFile, "path" | "form" | "header"> => ({
  path,
  form: { kind: "delimited", form: COPY, recbole: false },
  header: wanted.map(({ name }) => name),
});

/**
 * Writes the wanted columns of a query as text. `order`: the end of the query. NULL and NaN become
 * empty fields.
 */
async function copy(
  duck: Duck,
  about: string,
  query: string,
  wanted: readonly WantedColumn[],
  target: string,
  order: string,
): Promise<void> {
  const columns = await duck.columns(about, query);
  const selected = wanted.map(({ name, kind }) => {
    const column = columns.find((each) => each.name === name);
    if (column === undefined) {
      const all = columns.map((each) => JSON.stringify(each.name)).join(", ");
      throw new UserError(
        `${about}: there is no column ${JSON.stringify(name)}; the columns are ${all}`,
      );
    }
    return `${textOf(about, column, kind)} as ${named(name)}`;
  });
  await duck.run(
    about,
    `copy (select ${selected.join(", ")} from (${query}) ${order}) to ${quoted(target)} (format csv, header false, delimiter ',', quote '"', escape '"', nullstr '')`,
  );
}

/** A column as text, by its type. */
function textOf(
  about: string,
  { name, type }: { readonly name: string; readonly type: string },
  kind: WantedColumn["kind"],
): string {
  const column = named(name);
  const float = type === "DOUBLE" || type === "FLOAT";
  if (float && kind === "id") {
    throw new UserError(
      `${about}: the ids of ${name} are of type ${type}: whole numbers may have lost digits; write them as text or whole numbers`,
    );
  }
  if (float) return `case when isnan(${column}) then null else ${column}::varchar end`;
  if (type.endsWith("[]") && kind === "list")
    return `array_to_string(${column}::varchar[], ${quoted(LIST_GAP)})`;
  if (/[[(]/.test(type) && !type.startsWith("DECIMAL") && !type.startsWith("ENUM"))
    throw new UserError(`${about}: the column ${name} is of type ${type}; it has to be one value`);
  return `${column}::varchar`;
}

/**
 * The result of `sql`. Its rows are ordered by all wanted columns: a query gives no order of its own
 * that would be the same with each number of threads.
 */
async function queryCopy(
  task: RowTask,
  input: TableInput,
  wanted: readonly WantedColumn[],
  folder: string,
): Promise<ReadableFile> {
  const about = `${input.what}.sql`;
  const query = input.table.sql!.trim().replace(/;\s*$/u, "");
  const target = join(folder, "result.csv");
  const tables = Object.entries(input.table.from ?? {});
  const cleaned: { readonly name: string; readonly load: string }[] = [];
  for (const [name, given] of tables) {
    const paths = input.from[name] ?? [];
    cleaned.push({ name, load: await loading(task, longForm(given), name, paths, folder) });
  }
  await withDuck(folder, task.stop, async (duck) => {
    for (const { name, load } of cleaned)
      await duck.run(`${about}: ${name}`, `create table ${named(name)} as ${load}`);
    // What a query reads is part of the data set's fingerprint: it can reach the tables alone.
    await duck.run(about, `set allowed_directories = [${quoted(`${folder}/`)}]`);
    await duck.run(about, "set enable_external_access = false");
    await duck.run(about, "set lock_configuration = true");
    const order = wanted.map((_, n) => n + 1).join(", ");
    await copy(duck, about, query, wanted, target, `order by ${order}`);
  });
  return { ...copied(target, wanted), shown: (_, record) => `${about}: row ${record}` };
}

/** The query that loads a table of `from`. Text is read by our own reader first, with its checks. */
async function loading(
  task: RowTask,
  table: TableFile,
  name: string,
  paths: readonly string[],
  folder: string,
): Promise<string> {
  const forms = paths.map((path) => knownForm(table, path));
  if (forms.every(({ kind }) => kind === "parquet"))
    return `select * from read_parquet([${paths.map(quoted).join(", ")}])`;
  const first = forms[0]!;
  const target = join(folder, `from-${basename(name)}.csv`);
  if (forms.every(({ kind }) => kind === "jsonl"))
    return copyQuery(target, await jsonCopy(task, name, paths, target));
  if (first.kind !== "delimited" || forms.some(({ kind }) => kind !== "delimited"))
    throw new UserError(
      `from.${name}: its files are of different kinds; set format, or use two tables`,
    );
  const header = table.header ?? readHeader(paths[0]!, first)?.map((each) => each.name);
  if (header === undefined) throw new UserError(`${paths[0]}: its first line names no columns`);
  const files = paths.map((path, n) => ({
    path,
    form: forms[n] as typeof first,
    shown: (line: number) => `${path}:${line}`,
    header: table.header,
  }));
  await cleanCopy(task, name, files, header, target);
  return copyQuery(target, header);
}

/** The query that reads such a copy: all columns are text. */
function copyQuery(target: string, header: readonly string[]): string {
  const columns = header.map((each) => `${quoted(each)}: 'VARCHAR'`).join(", ");
  return `select * from read_csv(${quoted(target)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', new_line = '\\n', columns = {${columns}}, max_line_size = 16777216)`;
}

/** Writes all columns of text files into one file that DuckDB reads without a doubt. */
async function cleanCopy(
  task: RowTask,
  what: string,
  files: readonly DelimitedFile[],
  header: readonly string[],
  target: string,
): Promise<void> {
  const file = openSync(target, "w");
  const bad = new BadLines();
  const wanted = header.map((name): WantedColumn => ({ name, kind: "text" }));
  let text = "";
  try {
    const read: RowReader = ({ bytes, starts, ends }) => {
      for (let n = 0; n < wanted.length; n++) {
        const field = bytes.toString("utf8", starts[n], ends[n]);
        text += n === 0 ? "" : ",";
        // An empty field is no value; quoted it would be an empty text.
        if (field !== "") text += `"${field.replace(/"/gu, '""')}"`;
      }
      text += "\n";
      if (text.length > 1 << 20) {
        writeSync(file, text);
        text = "";
      }
      return undefined;
    };
    for (const each of files)
      await eachDelimitedRow(each, wanted, bad, read, ({ done, total }) =>
        task.progress(done, total, `bytes of ${what}`),
      );
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  const told = bad.told(what);
  if (told !== undefined) task.note("warning", told);
}
