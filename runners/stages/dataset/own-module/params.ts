import type { JsonObject } from "../../../../src/base/json.js";
import type { DatasetSettings } from "../source.js";
import { paramsOf } from "../table/params.js";
import type { TableSettings } from "../table/settings.js";

/** The settings that only a module has, beside those of tables. */
export interface ModuleSettings extends TableSettings {
  readonly options?: JsonObject;
  /** Paths from the spec, by the names that the module gives them. */
  readonly files?: { readonly [name: string]: string };
}

/** Settings of a module in which each column that has a usual name has it. */
export function withUsualColumns<S extends ModuleSettings>(settings: S): S & TableSettings {
  const { interactions, items, users } = settings;
  return {
    ...settings,
    interactions: { user: "user", item: "item", rating: "rating", ...interactions },
    items: { item: "item", ...items },
    ...(users === undefined ? {} : { users: { user: "user", ...users } }),
  };
}

/** What decides a module's data beside its file and the files that it is given. */
export function moduleParams(settings: DatasetSettings & ModuleSettings): JsonObject {
  const { options = {}, name = "module" } = settings;
  return { ...paramsOf({ ...withUsualColumns(settings), name }), options };
}
