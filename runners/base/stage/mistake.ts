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

/** The same about data that this machine does not have: an estimate goes on without it. */
export const absentData = (path: string, message: string): Finding => ({
  ...mistake(path, message),
  absent: true,
});
