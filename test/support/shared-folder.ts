/** A folder that the test files of one run share; test/global-setup.ts makes it and removes it. */
export function sharedFolder(): string {
  const folder = process.env["R4EC_TEST_SHARED"];
  if (folder === undefined)
    throw new Error("R4EC_TEST_SHARED is not set: vitest's global setup sets it");
  return folder;
}
