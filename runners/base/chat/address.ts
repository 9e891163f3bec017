import type { Finding } from "../../../src/base/diagnostic.js";

/** What is wrong with an endpoint's address, as the end of a sentence; null: nothing. */
export function wrongAddress(address: string): string | null {
  if (!/^https?:\/\//iu.test(address) || !URL.canParse(address)) {
    return "is not an address such as https://host/v1";
  }
  const { username, password } = new URL(address);
  return username === "" && password === ""
    ? null
    : "holds a user name or a password; a key is put into a variable of the environment, which api_key_env names";
}

/** The mistake in a setting `base_url`, as a list of none or one. */
export function checkAddress(address: string | null | undefined, path: string): readonly Finding[] {
  const wrong = typeof address === "string" ? wrongAddress(address) : null;
  return wrong === null ? [] : [{ severity: "error", message: `it ${wrong}`, path }];
}
