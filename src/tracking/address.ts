import { ExitCode, UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { redact } from "../base/redact.js";

/** An MLflow server and how to sign in there. */
export interface Address {
  /** Without userinfo, query and trailing slash: safe to print, log and store. */
  readonly url: string;
  /** Value of the Authorization header, or null. Never printed, logged or stored. */
  readonly authorization: string | null;
  /**
   * Asked before each new connection: false where somebody else listens at this address now, so that
   * nothing is told there. Left out where an address is all that is known of a server.
   */
  readonly prove?: () => Promise<boolean>;
}

type Environment = { readonly [name: string]: string | undefined };

/**
 * Reads the address of an MLflow server. Userinfo in it (`http://user:password@host`) signs in; else
 * MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD do, else MLFLOW_TRACKING_TOKEN (the order of
 * MLflow's own client). The error never repeats the userinfo.
 */
export function parseAddress(
  uri: string,
  environment: Environment = process.env,
): Result<Address, UserError> {
  if (!/^https?:\/\//i.test(uri.trim())) {
    return err(
      new UserError(`MLflow's address "${redact(uri)}" cannot be used`, {
        exitCode: ExitCode.usage,
        hint: 'give an http:// or https:// address, "off" for no tracking, or leave it out: then r4ec keeps a local server',
      }),
    );
  }
  let parsed: URL;
  try {
    parsed = new URL(uri.trim());
  } catch {
    return err(
      new UserError(`MLflow's address "${redact(uri)}" is not a valid URL`, {
        exitCode: ExitCode.usage,
        hint: "it should look like http://127.0.0.1:5000",
      }),
    );
  }
  const authorization =
    userinfo(parsed) ??
    basic(environment["MLFLOW_TRACKING_USERNAME"], environment["MLFLOW_TRACKING_PASSWORD"]) ??
    bearer(environment["MLFLOW_TRACKING_TOKEN"]);
  const url = `${parsed.protocol}//${parsed.host}${parsed.pathname}`.replace(/\/+$/, "");
  return ok({ url, authorization });
}

function userinfo(url: URL): string | null {
  if (url.username === "" && url.password === "") return null;
  return basic(decode(url.username), decode(url.password), true);
}

// A password pasted with a bare percent sign is taken as it stands.
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function basic(user?: string, password?: string, evenEmpty = false): string | null {
  if (user === undefined || password === undefined) return null;
  if (!evenEmpty && (user === "" || password === "")) return null;
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

const bearer = (token?: string): string | null =>
  token === undefined || token === "" ? null : `Bearer ${token}`;
