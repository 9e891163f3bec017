import type { Config } from "../config.js";
import type { ConfigFlags } from "../config-load.js";
import { loadConfig } from "../config-load.js";
import { ExitCode, UserError } from "../exit.js";

/** User-level settings for a command that reads no spec. A mistake in a file of theirs is thrown. */
export async function commandConfig(flags: ConfigFlags): Promise<Config> {
  const { store, toolchain, mlflowUri, gpus, offline } = flags;
  const loaded = await loadConfig({
    cwd: process.cwd(),
    flags: { store, toolchain, mlflowUri, gpus, offline },
  });
  if (loaded.ok) return loaded.value;
  const lines = loaded.error.map((d) => `${d.file}:${d.line}:${d.column}: ${d.message}`);
  throw new UserError(lines.join("\n"), { exitCode: ExitCode.usage });
}
