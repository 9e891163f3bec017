import type { Finding } from "../../../src/base/diagnostic.js";

/**
 * A mistake in a spec's settings.
 *
 * @param path dotted path of the setting
 */
export const mistake = (path: string, message: string): Finding => ({
  severity: "error",
  message,
  path,
});
