import { canonicalJson, type Json, type JsonObject } from "../../../src/base/json.js";
import type { SettingSchema } from "./setting-schema.js";

/** A setting of a stage: its schema with its default, and its role in the stage. */
export interface Row {
  /**
   * - `shared`: a parameter of the stage. Cells that train as one graph have it in common.
   * - `replica`: a parameter that may differ between the replicas of one graph.
   * - `execution`: how the stage runs. It changes a result by float rounding at most, so it is no
   *   parameter.
   */
  readonly use: "shared" | "replica" | "execution";
  readonly setting: SettingSchema;
  /**
   * For an execution setting: float rounding depends on it. For a result that must be the same to
   * the last bit (`fuse: off`) it is a parameter.
   */
  readonly rounding?: true;
  /**
   * For a parameter: at its default it is left out of the stage's parameters and of the cell's id.
   * This is for a setting that was added after results had been made with what is now its default:
   * those results stay valid.
   */
  readonly leftOutAtDefault?: true;
}

/** All settings of a stage, by name. */
export interface Table {
  readonly [name: string]: Row;
}

type IsParam = { readonly use: "shared" | "replica" };
type IsLeftOut = { readonly leftOutAtDefault: true };

/** Parameters of a stage, as its table has them. */
export type ParamsOf<T extends Table> = {
  readonly [
    Name in keyof T as T[Name] extends IsLeftOut ? never : T[Name] extends IsParam ? Name : never
  ]: T[Name]["setting"]["default"];
} & {
  readonly [
    Name in keyof T as T[Name] extends IsLeftOut ? Name : never
  ]?: T[Name]["setting"]["default"];
};

/** Execution settings of a stage, as its table has them. */
export type ExecutionOf<T extends Table> = {
  readonly [
    Name in keyof T as T[Name] extends { readonly use: "execution" } ? Name : never
  ]: T[Name]["setting"]["default"];
};

/** Execution settings that float rounding depends on. */
export type RoundingOf<T extends Table> = {
  readonly [
    Name in keyof T as T[Name] extends { readonly rounding: true } ? Name : never
  ]: T[Name]["setting"]["default"];
};

/** A stage's parameters out of a block of settings; a missing setting has its default. */
export const paramsIn = <T extends Table>(table: T, block: JsonObject): ParamsOf<T> =>
  pick(table, block, (row, value) => {
    if (row.use === "execution") return false;
    return row.leftOutAtDefault !== true || !same(value, row.setting.default);
  }) as ParamsOf<T>;

/** A stage's execution settings out of a block of settings; a missing setting has its default. */
export const executionIn = <T extends Table>(table: T, block: JsonObject): ExecutionOf<T> =>
  pick(table, block, ({ use }) => use === "execution") as ExecutionOf<T>;

/** Those of the execution settings that float rounding depends on. */
export const roundingIn = <T extends Table>(table: T, block: JsonObject): RoundingOf<T> =>
  pick(table, block, ({ rounding }) => rounding === true) as RoundingOf<T>;

/** Names of the parameters that may differ between the replicas of one graph. */
export const replicaNames = (table: Table): string[] =>
  Object.keys(table).filter((name) => table[name]!.use === "replica");

function pick(
  table: Table,
  block: JsonObject,
  wanted: (row: Row, value: Json) => boolean,
): JsonObject {
  const all = Object.entries(table).map(
    ([name, row]) => [name, row, block[name] ?? row.setting.default] as const,
  );
  return Object.fromEntries(
    all.flatMap(([name, row, value]) => (wanted(row, value) ? [[name, value]] : [])),
  );
}

const same = (a: Json, b: Json): boolean => canonicalJson(a) === canonicalJson(b);
