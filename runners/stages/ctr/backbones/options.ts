import type { JsonSchema } from "../../../../src/contract/science.js";
import { block, type Setting } from "../setting.js";

export { choice, count, flag, sizes } from "../setting.js";

/** The options of a backbone: the schema of `ctr.<id>`. */
export const options = (
  name: string,
  properties: { readonly [key: string]: Setting } = {},
): JsonSchema => block(`Options of ${name}; other backbones ignore them.`, properties);
