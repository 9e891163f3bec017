import { redact } from "../base/redact.js";
import { isErrno } from "../base/errno.js";

/** How a program ended. */
export interface Outcome {
  readonly ok: boolean;
  /** Exit status; null where it was killed or never started. */
  readonly status: number | null;
  /** Standard output. */
  readonly stdout: string;
  /** Last lines of both outputs, secrets in addresses masked. */
  readonly tail: string;
  /** True where there is no such program. */
  readonly missing: boolean;
}

export interface ProgramOptions {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which it is killed. */
  readonly timeout?: number;
  /** Called with every line of both outputs as it arrives. */
  readonly onLine?: (line: string) => void;
}

const TAIL_LINES = 30;

/**
 * Python looks for modules in the folder that it is called in first, where it is given its program as text or as a
 * module's name: a file of the user's there, `random.py`, would stand in the place of Python's own. Python 3.11
 * and later heed this.
 */
const OWN_MODULES_FIRST = { PYTHONSAFEPATH: "1" };

const namesNoFile = ([first]: readonly string[]): boolean => first === "-c" || first === "-m";

/**
 * Runs a program to its end, without a shell and without standard input. Never rejects, except with
 * the signal's reason where it was aborted.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Outcome> {
  options.signal?.throwIfAborted();
  const { execa } = await import("execa");
  const child = execa(program, args, {
    all: true,
    reject: false,
    stdin: "ignore",
    env: { ...(namesNoFile(args) ? OWN_MODULES_FIRST : {}), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });
  if (options.onLine !== undefined) {
    const listen = options.onLine;
    child.all.setEncoding("utf8");
    let rest = "";
    child.all.on("data", (text: string) => {
      // Progress bars end their lines by a carriage return.
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") listen(line);
    });
  }
  const result = await child;
  options.signal?.throwIfAborted();
  const text = result.all === "" ? (result.originalMessage ?? "") : result.all;
  return {
    ok: !result.failed,
    status: result.exitCode ?? null,
    stdout: result.stdout,
    tail: redact(text)
      .trimEnd()
      .split(/[\r\n]+/)
      .slice(-TAIL_LINES)
      .join("\n"),
    missing: isErrno(result.cause, "ENOENT"),
  };
}
