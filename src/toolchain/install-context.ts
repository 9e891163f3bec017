import type { Config } from "../config/config.js";

/** The settings that say where the toolchain lives, and whether the network may be used. */
export type ToolchainConfig = Pick<Config, "toolchain" | "offline"> &
  Partial<Pick<Config, "environments">>;

/** What an installation needs to know. */
export interface InstallContext {
  /** Absolute toolchain folder. */
  readonly toolchain: string;
  readonly offline: boolean;
  /**
   * Folder with what a pack brought for the part (wheels, a binding). Where it is given, it is the
   * only source: nothing is fetched.
   */
  readonly carried?: string | undefined;
  /** True: wheels that were fetched stay after they have been installed. */
  readonly keepDownloads?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}
