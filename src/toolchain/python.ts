import path from "node:path";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import type { UserError } from "../base/exit.js";
import { broken } from "./failure.js";
import { runProgram } from "./program.js";

/** A Python interpreter of the machine. */
export interface Python {
  /** Absolute path of the interpreter itself, not of a shim. */
  readonly path: string;
  /** `3.11.7` */
  readonly version: string;
  /** pip's version; null where it has none. */
  readonly pip: string | null;
  /** Whether it can make environments that have pip. */
  readonly ensurepip: boolean;
}

const OLDEST = [3, 10] as const;
// The user's own choice first, then those that most packages have wheels for.
const NAMES = [
  "python3",
  "python3.12",
  "python3.11",
  "python3.13",
  "python3.10",
  "python",
] as const;

const PROBE = `
import importlib.util as util, json, sys
def version():
    try:
        import pip
        return pip.__version__
    except Exception:
        return None
print(json.dumps({
    "path": sys.executable,
    "version": ".".join(map(str, sys.version_info[:3])),
    "pip": version(),
    "ensurepip": util.find_spec("ensurepip") is not None and util.find_spec("venv") is not None,
}))
`;

const found = new Map<string, Promise<Result<Python, UserError>>>();

/**
 * A Python of 3.10 or newer that has pip, or at least can make environments that have it:
 * R4EC_PYTHON where it is set, else the first of the usual names on PATH.
 *
 * @param bare true where an interpreter without pip and venv will do
 */
export function findPython(bare = false): Promise<Result<Python, UserError>> {
  const named = process.env["R4EC_PYTHON"];
  const key = `${bare}\0${named ?? ""}\0${process.env["PATH"] ?? ""}`;
  let search = found.get(key);
  if (search === undefined) {
    search = look(named === undefined || named === "" ? NAMES : [named], bare);
    found.set(key, search);
  }
  return search;
}

async function look(names: readonly string[], bare: boolean): Promise<Result<Python, UserError>> {
  const seen: string[] = [];
  let second: Python | null = null;
  for (const name of names) {
    const python = await probe(name);
    if (python === null) continue;
    if (!isNewEnough(python.version)) seen.push(`${python.path} is ${python.version}`);
    else if (bare || python.pip !== null) return ok(python);
    else if (python.ensurepip) second ??= python;
    else seen.push(`${python.path} has neither pip nor venv`);
  }
  if (second !== null) return ok(second);
  const detail = seen.length === 0 ? "none was found on PATH" : seen.join("; ");
  return err(
    broken(
      `Python ${OLDEST.join(".")} or newer with pip is needed: ${detail}`,
      "install it (Debian, Ubuntu: apt install python3-pip python3-venv; macOS: brew install python), " +
        "or name one with R4EC_PYTHON",
    ),
  );
}

async function probe(name: string): Promise<Python | null> {
  const outcome = await runProgram(name, ["-c", PROBE], { timeout: 20_000 });
  if (!outcome.ok) return null;
  try {
    const python = JSON.parse(outcome.stdout) as Python;
    return path.isAbsolute(python.path) ? python : null;
  } catch {
    return null;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
