import { createHash } from "node:crypto";
import type { Config } from "../config/config.js";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import type { PythonEnvironment } from "../toolchain/index.js";
import type { Address } from "./address.js";
import { parseAddress } from "./address.js";
import { ensureServer, runningServer, servesStore } from "./server.js";

/** Where runs are logged to. */
export type Destination =
  | { readonly kind: "off" }
  | { readonly kind: "remote"; readonly address: Address }
  | { readonly kind: "local" };

/** What tracking reads of the user-level settings. */
export type TrackingConfig = Pick<Config, "mlflowUri">;

/**
 * Where the settings send runs to. The error (an address that is none) is the user's to mend before
 * a sweep begins.
 */
export function destinationOf(config: TrackingConfig): Result<Destination, UserError> {
  const uri = config.mlflowUri.value;
  if (uri === "off") return ok({ kind: "off" });
  if (uri === null || uri === "") return ok({ kind: "local" });
  const address = parseAddress(uri);
  return address.ok ? ok({ kind: "remote", address: address.value }) : err(address.error);
}

/** Name of a destination in file names; the local server keeps its name when its port changes. */
export const destinationName = (destination: Exclude<Destination, { kind: "off" }>): string =>
  destination.kind === "local"
    ? "local"
    : createHash("sha256").update(destination.address.url).digest("hex").slice(0, 12);

/** Finds a destination's address. Null: it is not there now and was not to be started. */
export async function addressOf(
  destination: Exclude<Destination, { kind: "off" }>,
  store: string,
  environment: (() => Promise<Result<PythonEnvironment, UserError>>) | null,
  signal?: AbortSignal,
): Promise<Result<Address | null, UserError>> {
  if (destination.kind === "remote") return ok(destination.address);
  if (environment === null) {
    const url = await runningServer(store);
    return ok(url === null ? null : local(store, url));
  }
  const url = await ensureServer(store, environment, signal);
  return url.ok ? ok(local(store, url.value)) : err(url.error);
}

/** The store's own server; its port may be another store's by the time of a later connection. */
const local = (store: string, url: string): Address => ({
  url,
  authorization: null,
  prove: () => servesStore(store, url),
});
