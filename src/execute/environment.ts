import path from "node:path";
import type { Config } from "../config.js";

/**
 * Settings that stages read from the environment: R4EC_DOWNLOADS, the folder of files fetched for
 * all stores (data sets), and R4EC_OFFLINE.
 */
export const workerEnvironment = (
  config: Pick<Config, "toolchain" | "offline">,
): { readonly [name: string]: string } => ({
  R4EC_DOWNLOADS:
    process.env["R4EC_DOWNLOADS"] ?? path.resolve(config.toolchain.value, "downloads"),
  ...(config.offline.value ? { R4EC_OFFLINE: "1" } : {}),
});
