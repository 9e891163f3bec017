import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { stopServer } from "../src/tracking/index.js";
import { progressOnStderr, testToolchain, testToolchainFolder } from "./support/toolchain.js";

/**
 * Runs once before all tests: the compiled program is up to date (tests drive the real command
 * line) and TensorFlow is there; test files inherit the environment set here. Gives what ends the MLflow server that
 * test files share, which the first of them starts.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const bootstrap = new URL("../scripts/bootstrap.mjs", import.meta.url);
  const { compile } = (await import(bootstrap.href)) as {
    compile(say: (text: string) => void): Promise<void>;
  };
  // Type errors are the business of `npm run types`; what tsc wrote is what the tests drive.
  await compile((text) => progressOnStderr({ text, transient: false })).catch((error: Error) =>
    process.stderr.write(`${error.message}\n`),
  );
  process.env["R4EC_TOOLCHAIN"] = testToolchainFolder();
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  await testToolchain("tensorflow");
  const shared = await mkdtemp(path.join(os.tmpdir(), "r4ec-tests-"));
  process.env["R4EC_TEST_SHARED"] = shared;
  return async () => {
    await stopServer(shared);
    await rm(shared, { recursive: true, force: true });
  };
}
