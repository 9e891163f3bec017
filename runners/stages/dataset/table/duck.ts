import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ExitCode, UserError } from "../../../../src/base/exit.js";
import { openFolder } from "../../../../src/base/folder.js";
import { Drained, type StopSignal } from "../../../../src/contract/runner.js";

/** The memory that DuckDB may take; beyond it, it writes to the stage's folder. */
const MEMORY = "1500MB";

/**
 * Opens DuckDB in memory for one piece of work and closes it. Nothing is fetched or installed, times
 * are in UTC, and rows keep the order of their files with any number of threads.
 *
 * @param folder for what does not fit into memory
 */
export async function withDuck<T>(
  folder: string,
  stop: StopSignal,
  work: (duck: Duck) => Promise<T>,
): Promise<T> {
  await openFolder(folder);
  // Loaded where tables are read alone: it is a large native library.
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    memory_limit: MEMORY,
    preserve_insertion_order: "true",
    temp_directory: join(folder, "duckdb"),
    threads: process.env["R4EC_DUCKDB_THREADS"] ?? "2",
  });
  const connection = await instance.connect();
  const interrupt = (): void => connection.interrupt();
  stop.onDrain(interrupt);
  stop.abort.addEventListener("abort", interrupt);
  try {
    await connection.run("set TimeZone = 'UTC'");
    return await work(new Duck(connection));
  } catch (error) {
    if (stop.draining || stop.abort.aborted) throw new Drained();
    throw error;
  } finally {
    stop.abort.removeEventListener("abort", interrupt);
    connection.closeSync();
    instance.closeSync();
  }
}

/** A connection whose errors name what was read. */
export class Duck {
  constructor(private readonly connection: DuckDBConnection) {}

  /** Runs a statement. Throws a UserError that begins with `about`. */
  async run(about: string, sql: string): Promise<void> {
    try {
      await this.connection.run(sql);
    } catch (error) {
      throw duckError(about, error);
    }
  }

  /** Names and types of a query's columns, in order. */
  async columns(about: string, query: string): Promise<{ name: string; type: string }[]> {
    try {
      const result = await this.connection.runAndReadAll(`describe ${query}`);
      return result.getRowObjects().map((row) => ({
        name: String(row["column_name"]),
        type: String(row["column_type"]),
      }));
    } catch (error) {
      throw duckError(about, error);
    }
  }
}

function duckError(about: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const full = /out of memory|no space left/i.test(message);
  return new UserError(`${about}: ${message.trim()}`, {
    exitCode: full ? ExitCode.environment : ExitCode.usage,
    cause: error,
  });
}

/** A text as SQL writes it. */
export const quoted = (text: string): string => `'${text.replace(/'/gu, "''")}'`;

/** A name as SQL writes it. */
export const named = (name: string): string => `"${name.replace(/"/gu, '""')}"`;
