import { homedir } from "node:os";
import path from "node:path";
import type { ReadyToolchain } from "../../src/contract/runner.js";
import type { Part, PythonEnvironment, ToolchainConfig } from "../../src/toolchain/index.js";
import { science } from "../../runners/registry.js";
import { ensure, trackingEnvironment } from "../../src/toolchain/index.js";

/**
 * The toolchain folder of the tests: one place, shared by all test files and reused between runs.
 * R4EC_TEST_TOOLCHAIN, else R4EC_TOOLCHAIN, else the folder that a user's r4ec has by default.
 */
export function testToolchainFolder(): string {
  const named = process.env["R4EC_TEST_TOOLCHAIN"] ?? process.env["R4EC_TOOLCHAIN"];
  if (named !== undefined && named !== "") return path.resolve(named);
  const cache = process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache");
  return path.join(cache, "r4ec");
}

/** Settings under which tests use the shared toolchain. */
export function testToolchainConfig(): ToolchainConfig {
  const origin = { kind: "environment", name: "R4EC_TOOLCHAIN" } as const;
  return {
    toolchain: { value: testToolchainFolder(), origin },
    offline: { value: process.env["R4EC_OFFLINE"] === "1", origin },
  };
}

const ready = new Map<Part, Promise<ReadyToolchain>>();

/**
 * Makes sure that a part is there (installed once, whichever test file asks first) and gives what
 * the engine would be given. Call it from beforeAll with a timeout of {@link INSTALL_TIMEOUT}.
 */
export function testToolchain(part: Part): Promise<ReadyToolchain> {
  let installing = ready.get(part);
  if (installing === undefined) {
    installing = ensure([part], science.environments, testToolchainConfig(), progressOnStderr).then(
      (result) => {
        if (!result.ok) throw result.error;
        Object.assign(process.env, result.value.environment);
        return result.value;
      },
    );
    ready.set(part, installing);
  }
  return installing;
}

/** The tracking environment (Python with mlflow: a server, and the second client of the tests). */
export async function testTrackingEnvironment(): Promise<PythonEnvironment> {
  const result = await trackingEnvironment(testToolchainConfig(), progressOnStderr);
  if (!result.ok) throw result.error;
  return result.value;
}

/** Milliseconds that a first installation may take on a slow network. */
export const INSTALL_TIMEOUT = 15 * 60_000;

/** Shows what an installation says, without the lines that only animate. */
export function progressOnStderr(message: { readonly text: string; readonly transient: boolean }) {
  if (!message.transient) process.stderr.write(`${message.text}\n`);
}
