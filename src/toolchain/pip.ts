import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { PIP_ENVIRONMENT } from "../base/wheel.js";
import { failedProgram } from "./failure.js";
import type { Outcome } from "./program.js";
import { runProgram } from "./program.js";
import type { Python } from "./python.js";
import { findPython } from "./python.js";
import type { Speaker } from "./setup-progress.js";
import { byteProgress } from "./setup-progress.js";
import { openFolder } from "../base/folder.js";

/** A pip that can be run. */
export interface Pip {
  /** The interpreter that has it. */
  readonly python: string;
}

/**
 * The interpreter's own pip; where it has none (Debian splits it off), that of a small environment
 * made for the purpose in the toolchain folder.
 */
export async function findPip(python: Python, toolchain: string): Promise<Result<Pip, UserError>> {
  if (python.pip !== null) return ok({ python: python.path });
  const folder = path.join(toolchain, "python", `pip-${python.version}`);
  const own = path.join(folder, "bin", "python");
  const there = await runProgram(own, ["-m", "pip", "--version"]);
  if (there.ok) return ok({ python: own });
  const made = await runProgram(python.path, ["-m", "venv", "--clear", folder]);
  return made.ok ? ok({ python: own }) : err(failedProgram("python -m venv failed", made));
}

/** Gives a pip when it is needed, so that a machine where nothing has to be fetched needs none. */
export type PipFinder = () => Promise<Result<Pip, UserError>>;

/** The pip of the machine's Python, looked for at the first call. */
export function pipFinder(toolchain: string): PipFinder {
  let finding: Promise<Result<Pip, UserError>> | undefined;
  return () =>
    (finding ??= findPython().then((python) =>
      python.ok ? findPip(python.value, toolchain) : python,
    ));
}

/** Runs pip. */
export const pip = (
  tool: Pip,
  args: readonly string[],
  options: {
    env?: { readonly [name: string]: string };
    signal?: AbortSignal | undefined;
    onLine?: (line: string) => void;
  } = {},
): Promise<Outcome> =>
  runProgram(tool.python, ["-m", "pip", ...args], {
    ...options,
    env: { ...PIP_ENVIRONMENT, ...options.env },
  });

/**
 * `pip download` into a folder, with the megabytes told as they come. pip's temporary files lie in
 * the folder too (a machine's /tmp may be too small for them) and are gone afterwards.
 */
export async function pipDownload(
  tool: Pip,
  what: string,
  args: readonly string[],
  folder: string,
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<void, UserError>> {
  await openFolder(folder);
  const temporary = await mkdtemp(path.join(folder, ".pip-"));
  let total = 0;
  const announced = (line: string): void => {
    const match = /Downloading .*\(([0-9.]+) ([kMG])B\)/.exec(line);
    const unit = { k: 1e3, M: 1e6, G: 1e9 }[match?.[2] ?? ""] ?? 0;
    total += Number(match?.[1] ?? 0) * unit;
  };
  try {
    const outcome = await speaker.during(
      `downloading ${what}`,
      () =>
        pip(tool, ["download", "--no-deps", "--no-cache-dir", "--dest", folder, ...args], {
          env: { TMPDIR: temporary },
          signal,
          onLine: announced,
        }),
      async (seconds) =>
        byteProgress(await folderSize(temporary), total === 0 ? null : total, seconds),
    );
    return outcome.ok
      ? ok(undefined)
      : err(failedProgram(`${what} could not be downloaded`, outcome));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Bytes of the files in a folder. */
export async function folderSize(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const info = await stat(path.join(entry.parentPath, entry.name)).catch(() => null);
    bytes += info?.size ?? 0;
  }
  return bytes;
}

/** pip's settings that decide where packages come from. */
export interface IndexSettings {
  readonly indexUrl: string | null;
  readonly extraIndexUrls: readonly string[];
  readonly findLinks: readonly string[];
  readonly noIndex: boolean;
  readonly trustedHosts: readonly string[];
  readonly cert: string | null;
  readonly clientCert: string | null;
  readonly proxy: string | null;
  /** Seconds. */
  readonly timeout: string | null;
}

/** Reads pip's settings as pip itself merges them: files under variables. */
export async function readIndexSettings(tool: Pip): Promise<IndexSettings> {
  const outcome = await pip(tool, ["config", "list"]);
  return parseIndexSettings(outcome.ok ? outcome.stdout : "");
}

/** Parses what `pip config list` prints: `section.name='value'` lines, values as Python writes them. */
export function parseIndexSettings(text: string): IndexSettings {
  const values = new Map<string, string>();
  // Later sections win, as in pip: [global], then the command's own, then the environment.
  for (const section of ["global", "install", ":env:"]) {
    for (const line of text.split("\n")) {
      const match = /^(:env:|[a-z]+)\.([a-z-]+)=(.*)$/.exec(line.trim());
      if (match?.[1] === section) values.set(match[2]!, unquote(match[3]!));
    }
  }
  const one = (name: string): string | null => {
    const value = (values.get(name) ?? "").trim();
    return value === "" ? null : value;
  };
  const many = (name: string): string[] =>
    (one(name) ?? "").split(/\s+/).filter((item) => item !== "");
  return {
    indexUrl: one("index-url"),
    extraIndexUrls: many("extra-index-url"),
    findLinks: many("find-links"),
    noIndex: /^(1|true|yes|on)$/i.test(one("no-index") ?? ""),
    trustedHosts: many("trusted-host"),
    cert: one("cert"),
    clientCert: one("client-cert"),
    proxy: one("proxy"),
    timeout: one("timeout") ?? one("default-timeout"),
  };
}

/** A Python string literal as repr() writes it. */
function unquote(literal: string): string {
  const quote = literal[0];
  if ((quote !== "'" && quote !== '"') || !literal.endsWith(quote)) return literal;
  const escapes: { readonly [name: string]: string } = { n: "\n", t: "\t", r: "\r" };
  return literal.slice(1, -1).replace(/\\(.)/g, (_, name: string) => escapes[name] ?? name);
}
