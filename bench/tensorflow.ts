import { ExitCode } from "../src/base/exit.js";
import { loadConfig } from "../src/config/load.js";
import { ensure } from "../src/toolchain/index.js";
import { BINDING_VARIABLE } from "../runners/base/tensorflow.js";

/**
 * Names TensorFlow's binding in the environment, for this process and those that it starts: the one
 * that is named already, or the toolchain's, installed where it is missing. Returns what is wrong, or null.
 */
export async function provideTensorFlow(): Promise<string | null> {
  if (process.env[BINDING_VARIABLE] !== undefined) return null;
  const config = await loadConfig({ cwd: process.cwd() });
  if (!config.ok) return config.error.map(({ message }) => message).join("; ");
  const ready = await ensure(["tensorflow"], [], config.value, ({ text, transient }) => {
    if (!transient) process.stderr.write(`${text}\n`);
  });
  if (!ready.ok) return ready.error.message;
  Object.assign(process.env, ready.value.environment);
  return null;
}

/** The same for a benchmark: where TensorFlow is missing, it says why, sets the exit status and gives false. */
export async function hasTensorFlow(): Promise<boolean> {
  const fault = await provideTensorFlow();
  if (fault === null) return true;
  console.error(`bench: ${fault}`);
  process.exitCode = ExitCode.environment;
  return false;
}
