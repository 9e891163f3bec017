import type { Json } from "../../../src/base/json.js";
import type { NamedVariable } from "../../../src/contract/runner.js";

/**
 * For a runner's `variables`: the variable that holds an endpoint's key, where the stage has one.
 *
 * @param setting dotted path of the setting that names the variable
 */
export const keyNamedBy =
  (setting: string) =>
  (
    _: unknown,
    { api_key_env: name }: { readonly api_key_env?: Json | undefined },
  ): readonly NamedVariable[] =>
    typeof name === "string" ? [{ name, setting }] : [];
