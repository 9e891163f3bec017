import { Agent, EnvHttpProxyAgent, type Dispatcher } from "undici";
import { ExitCode, UserError } from "./exit.js";

/** True for an address on this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    hostname === "localhost" ||
    hostname === "[::1]" ||
    hostname === "0.0.0.0" ||
    /^127(?:\.\d+){3}$/.test(hostname)
  );
}

/**
 * The way out to an address: every HTTP call of r4ec's own goes by one. HTTP_PROXY, HTTPS_PROXY and
 * NO_PROXY (small letters first) count, except for an address on this machine, where a proxy has no
 * business. Throws a {@link UserError} where a proxy's address is none.
 *
 * @param options timeouts of connections, of a response's head and of its body
 */
export function dispatcherFor(url: string, options: Agent.Options): Dispatcher {
  if (isLoopback(url)) return new Agent(options);
  const http = proxyOf("HTTP_PROXY");
  const https = proxyOf("HTTPS_PROXY");
  return new EnvHttpProxyAgent({
    ...options,
    ...(http === null ? {} : { httpProxy: http }),
    ...(https === null ? {} : { httpsProxy: https }),
  });
}

/** A proxy's address out of the environment; `host:port` means http, as for curl and pip. */
function proxyOf(name: string): string | null {
  const given = (process.env[name.toLowerCase()] || process.env[name] || "").trim();
  if (given === "") return null;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (/^https?:\/\/[^/]/i.test(address) && URL.canParse(address)) return address;
  // What stands there may hold a password, so it is not repeated.
  throw new UserError(`${name} is not the address of a proxy that r4ec can use`, {
    exitCode: ExitCode.environment,
    hint: "it should look like http://host:port",
  });
}
