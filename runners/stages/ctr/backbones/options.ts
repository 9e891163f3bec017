import type { JsonSchema } from "../../../../src/contract/science.js";
import { block, type SettingSchema } from "../setting-schema.js";

export { choice, count, flag, sizes } from "../setting-schema.js";

/** The options of a backbone: the schema of `ctr.<id>`. */
export const options = (
  name: string,
  properties: { readonly [key: string]: SettingSchema } = {},
): JsonSchema => block(`Options of ${name}; other backbones ignore them.`, properties);
