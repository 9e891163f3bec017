import { inspect } from "node:util";
import { ExitCode, UserError } from "../../../../src/base/exit.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../src/base/json.js";
import { Drained } from "../../../../src/contract/runner.js";
import { optionDefaults } from "../../../base/modules/options.js";
import { faultIn, type Fault } from "../../../base/modules/place.js";
import type { ReadTask } from "../source.js";
import type { BadLines } from "../table/bad-lines.js";
import { NEEDED, textOf } from "../table/json-rows.js";
import type { Row, RowReader, TableInput, WantedColumn } from "../table/row.js";
import { loadSource, type OwnSource, type Part } from "./module.js";

/** A mistake of a module's code. */
export class ModuleFault extends UserError {
  constructor(
    readonly fault: Fault,
    exitCode: ExitCode,
    cause: unknown,
  ) {
    const { file, line, column, message } = fault;
    super(`${file}:${line}:${column}: ${message}`, { exitCode, cause });
  }
}

/** What reading the rows of a module needs. */
export type ModuleTask = Pick<ReadTask, "stop" | "note" | "progress"> & {
  readonly params: { readonly options?: JsonObject };
  readonly files: { readonly [name: string]: string };
  /** So many rows of each table are read; left out: all. */
  readonly most?: number;
};

/** The name by which the stage knows the module's file. */
export const MODULE_FILE = "module";
/** What stands before the names of the files that the spec gives the module. */
export const GIVEN_FILE = "file.";

/** Rows that a module gives, of which the first has been looked at. */
export interface OpenRows {
  /** Whether the first row has a column. */
  has(column: string): boolean;
  readonly input: TableInput;
}

/**
 * The source of a stage's module, and its path. Throws a UserError where it can't be loaded.
 */
export function sourceIn({ files }: Pick<ModuleTask, "files">): {
  readonly path: string;
  readonly source: OwnSource;
} {
  const path = files[MODULE_FILE]!;
  const loaded = loadSource(path);
  if (!loaded.ok) throw new UserError(loaded.error);
  return { path, source: loaded.value };
}

/**
 * Calls one of the functions of a stage's module; null where the module has none of this name. What
 * its code throws is a {@link ModuleFault}.
 */
export async function openRows(task: ModuleTask, part: Part): Promise<OpenRows | null> {
  const { path, source } = sourceIn(task);
  const give = source[part];
  if (give === undefined) return null;
  const given = Object.entries(task.files).flatMap(([name, file]) =>
    name.startsWith(GIVEN_FILE) ? [[name.slice(GIVEN_FILE.length), file] as const] : [],
  );
  const asked = {
    options: { ...optionDefaults(source), ...task.params.options },
    files: Object.fromEntries(given),
    note: (message: string) => task.note("warning", `${source.id}: ${message}`),
    progress: (done: number, total: number) => task.progress(done, total, `of ${part}`),
  };
  /** Runs the module's code. */
  const theirs = async <T>(call: () => T | Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Drained) throw error;
      throw new ModuleFault(faultIn(path, error), exitCodeOf(error), error);
    }
  };
  const rows = await theirs(() => give.call(source, asked));
  const iterator = iteratorOf(rows);
  if (iterator === null) {
    const message = `${part} gives ${shown(rows)}: it has to give rows, as an array or a generator does`;
    throw new UserError(`${path}: ${message}`);
  }
  let next = await theirs(() => iterator.next());
  const read = async (
    wanted: readonly WantedColumn[],
    bad: BadLines,
    take: RowReader,
  ): Promise<void> => {
    const most = task.most ?? Infinity;
    const row = new TextRow(wanted);
    bad.noun = "rows";
    let paused = performance.now();
    for (; next.done !== true && bad.lines < most; next = await theirs(() => iterator.next())) {
      bad.lines += 1;
      const where = `${path}: row ${bad.lines} of ${part}`;
      row.where = () => where;
      const wrong = row.fill(next.value) ?? take(row);
      if (wrong !== undefined) bad.add(where, wrong);
      if (bad.lines % 256 !== 0 || performance.now() - paused < 100) continue;
      // A generator may never wait for anything: signals are heard in between.
      await new Promise(setImmediate);
      paused = performance.now();
      if (task.stop.draining || task.stop.abort.aborted) throw new Drained();
    }
    if (next.done !== true) await theirs(() => iterator.return?.());
    const missing = row.missing();
    if (missing !== undefined && bad.bad < bad.lines) {
      throw new UserError(`${path}: no row of ${part} has ${JSON.stringify(missing)}`);
    }
  };
  const first: unknown = next.done === true ? undefined : next.value;
  return {
    has: (column) => isJsonObject(first as Json) && Object.hasOwn(first as JsonObject, column),
    input: { what: part, table: {}, paths: [], from: {}, rows: read },
  };
}

/** Errors of files and of arguments are the user's; other codes come from a network or a machine. */
const USERS = /^(ENOENT|EACCES|EISDIR|ENOTDIR|ERR_.*)$/u;

function exitCodeOf(error: unknown): ExitCode {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as NodeJS.ErrnoException;
    if (typeof code === "string" && !USERS.test(code)) return ExitCode.environment;
  }
  return ExitCode.usage;
}

function iteratorOf(rows: unknown): AsyncIterator<unknown> | Iterator<unknown> | null {
  if (typeof rows !== "object" || rows === null) return null;
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = rows as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  return async?.call(rows) ?? sync?.call(rows) ?? null;
}

/** A row of a module as the texts of its wanted columns. */
class TextRow implements Row {
  bytes = Buffer.alloc(1 << 12);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  where = (): string => "";
  readonly #seen: Uint8Array;

  constructor(private readonly wanted: readonly WantedColumn[]) {
    this.starts = new Int32Array(wanted.length);
    this.ends = new Int32Array(wanted.length);
    this.#seen = new Uint8Array(wanted.length);
  }

  /** Takes the columns of a row; a text says what is wrong with it. */
  fill(row: unknown): string | undefined {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      return `it is ${shown(row)}, not an object with a value for each column`;
    }
    let at = 0;
    for (const [n, { name, kind }] of this.wanted.entries()) {
      const value = (row as { readonly [column: string]: unknown })[name];
      if (value !== undefined) this.#seen[n] = 1;
      const text = textOfValue(value, kind);
      if (text === undefined) return `${name} is ${shown(value)}, ${NEEDED[kind]}`;
      // A sign of a text takes at most three bytes.
      const room = at + 3 * text.length;
      if (room > this.bytes.length) {
        const larger = Buffer.alloc(2 * room);
        this.bytes.copy(larger, 0, 0, at);
        this.bytes = larger;
      }
      this.starts[n] = at;
      at += this.bytes.write(text, at, "utf8");
      this.ends[n] = at;
    }
    return undefined;
  }

  /** A column that no row had. */
  missing(): string | undefined {
    return this.wanted.find((_, n) => this.#seen[n] === 0)?.name;
  }
}

/** What {@link textOf} makes of a JSON value, and a Date as ISO, a bigint by its digits. */
function textOfValue(value: unknown, kind: WantedColumn["kind"]): string | undefined {
  const json = jsonOf(value);
  return json === undefined ? undefined : textOf(json, kind);
}

/** A value of a module's row as JSON; undefined where it has no text. */
function jsonOf(value: unknown): Json | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  }
  if (!Array.isArray(value)) return undefined;
  const parts = value.map(jsonOf);
  return parts.includes(undefined) ? undefined : (parts as Json[]);
}

const shown = (value: unknown): string =>
  inspect(value, { breakLength: Infinity, depth: 1 }).slice(0, 60);
