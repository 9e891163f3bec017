import type { ColumnType, TypedTable } from "./results.js";
import { cellsOf } from "./results-text.js";

const SQL_TYPES: { readonly [type in ColumnType]: string } = {
  text: "VARCHAR",
  boolean: "BOOLEAN",
  integer: "BIGINT",
  number: "DOUBLE",
  json: "VARCHAR",
};

/** Writes a table as a Parquet file. The file must not be there; it is whole only once this resolves. */
export async function writeParquet(table: TypedTable, file: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    // Nothing is fetched: Parquet is built in.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    threads: "1",
  });
  const connection = await instance.connect();
  try {
    const columns = table.columns.map(
      ({ name, type }) => `${quoted(name, '"')} ${SQL_TYPES[type]}`,
    );
    await connection.run(`create table results (${columns.join(", ")})`);
    const appender = await connection.createAppender("results");
    for (const row of table.rows) {
      cellsOf(table, row).forEach((value, at) => {
        if (value === null) return appender.appendNull();
        switch (table.columns[at]!.type) {
          case "boolean":
            return appender.appendBoolean(value as boolean);
          case "integer":
            return appender.appendBigInt(BigInt(value as number));
          case "number":
            return appender.appendDouble(value as number);
          case "text":
          case "json":
            return appender.appendVarchar(value as string);
        }
      });
      appender.endRow();
    }
    appender.closeSync();
    await connection.run(`copy results to ${quoted(file, "'")} (format parquet)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const quoted = (text: string, quote: string): string =>
  quote + text.replaceAll(quote, quote + quote) + quote;
