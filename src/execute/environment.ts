import path from "node:path";
import type { Config } from "../config/config.js";

/**
 * Settings that stages read from the environment: R4EC_DOWNLOADS, the folder of files fetched for
 * all stores (data sets), R4EC_TEXT_CACHE, the store's answers and vectors that stages share,
 * R4EC_XLA_CACHE, this machine's compiled programs, and R4EC_OFFLINE.
 */
export const workerEnvironment = (
  config: Pick<Config, "store" | "toolchain" | "offline">,
): { readonly [name: string]: string } => ({
  R4EC_DOWNLOADS:
    process.env["R4EC_DOWNLOADS"] ?? path.resolve(config.toolchain.value, "downloads"),
  R4EC_TEXT_CACHE:
    process.env["R4EC_TEXT_CACHE"] ?? path.resolve(config.store.value, "cache", "texts"),
  R4EC_XLA_CACHE: process.env["R4EC_XLA_CACHE"] ?? path.resolve(config.toolchain.value, "xla"),
  ...(config.offline.value ? { R4EC_OFFLINE: "1" } : {}),
});
