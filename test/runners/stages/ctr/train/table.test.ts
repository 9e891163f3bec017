import { describe, expect, it } from "vitest";
import { ctrTable } from "../../../../../runners/stages/ctr/schema.js";
import type { Table } from "../../../../../runners/stages/ctr/table.js";
import { paramsIn } from "../../../../../runners/stages/ctr/table.js";

const setting = (fallback: number | readonly number[]) => ({ schema: {}, default: fallback });

describe("a parameter that is left out at its default", () => {
  const table = {
    old: { use: "shared", setting: setting(3) },
    young: { use: "shared", setting: setting(1), leftOutAtDefault: true },
    list: { use: "replica", setting: setting([1, 2]), leftOutAtDefault: true },
  } as unknown as Table;

  it("is no parameter there, written or not", () => {
    expect(paramsIn(table, {})).toEqual({ old: 3 });
    expect(paramsIn(table, { old: 3, young: 1, list: [1, 2] })).toEqual({ old: 3 });
  });

  it("is one at any other value", () => {
    expect(paramsIn(table, { young: 2 })).toEqual({ old: 3, young: 2 });
    expect(paramsIn(table, { list: [2, 1] })).toEqual({ old: 3, list: [2, 1] });
  });

  it("has a neutral value in the table of ctr: the user id", () => {
    expect(paramsIn(ctrTable, {})).not.toHaveProperty("user_id");
    expect(paramsIn(ctrTable, { user_id: true })).toHaveProperty("user_id", true);
  });
});
