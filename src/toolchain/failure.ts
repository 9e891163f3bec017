import { ExitCode, UserError } from "../base/exit.js";
import type { Outcome } from "./program.js";

/** An error of the toolchain: exit status 3. */
export const broken = (message: string, hint?: string): UserError =>
  new UserError(message, {
    exitCode: ExitCode.environment,
    ...(hint === undefined ? {} : { hint }),
  });

const CAUSES: readonly { pattern: RegExp; hint: string }[] = [
  {
    pattern: /no space left on device|not enough free disk|ENOSPC|os error 28/i,
    hint: "the disk is full; free some space, or name a folder on a larger disk with R4EC_TOOLCHAIN",
  },
  {
    pattern: /do not match the hashes|hash mismatch/i,
    hint: "the file from the package index is not the one that r4ec asked for: the download or the mirror is broken; try again",
  },
  {
    pattern: /CERTIFICATE_VERIFY_FAILED|invalid peer certificate|self[- ]signed certificate/i,
    hint: "the certificate of a proxy or mirror is not trusted: pip config set global.cert FILE",
  },
  {
    pattern: /\b407\b|proxy authentication/i,
    hint: "the proxy asks for a user name and a password: put them into HTTPS_PROXY",
  },
  {
    pattern:
      /name resolution|name or service not known|dns error|connection (refused|reset|broken|timed out)|ProxyError|NewConnectionError|ConnectTimeout|Read timed out|network is unreachable|error sending request/i,
    hint: "the package index cannot be reached; check the network, HTTPS_PROXY and pip's index-url",
  },
  {
    pattern:
      /no matching distribution|could not find a version|no solution found|not found in the package registry/i,
    hint: "pip's package index does not have this package (pip config list shows which index pip uses)",
  },
  {
    pattern: /permission denied|EACCES|read-only file system/i,
    hint: "r4ec cannot write into the toolchain folder; name another folder with R4EC_TOOLCHAIN",
  },
];

/** The error of another program, with its last output and what to do about it. */
export function failedProgram(what: string, outcome: Outcome): UserError {
  const cause = CAUSES.find(({ pattern }) => pattern.test(outcome.tail));
  const status = outcome.status === null ? "" : ` (status ${outcome.status})`;
  return broken(`${what}${status}:\n${indent(outcome.tail)}`, cause?.hint);
}

/** The error of the disk, in the machine's words and with what to do about it. */
export function failedDisk(what: string, { message }: Error): UserError {
  const cause = CAUSES.find(({ pattern }) => pattern.test(message));
  return broken(`${what}: ${message}`, cause?.hint);
}

/** The error for something that is missing and that r4ec may not fetch (offline). */
export const offline = (what: string): UserError =>
  broken(
    `${what} is not installed, and in offline mode (R4EC_OFFLINE) r4ec does not fetch it`,
    "run r4ec setup once with a network, or copy the toolchain folder from a machine that has it",
  );

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
