import path from "node:path";
import type { Configured } from "../config/config.js";
import { ExitCode, UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import type { PythonPart } from "../contract/python-part.js";
import { describe } from "./environment.js";
import type { PythonEnvironment } from "./parts.js";
import { runProgram } from "./program.js";
import type { Speaker } from "./setup-progress.js";

/** An environment of the user's own, as it is. */
export interface GivenEnvironment {
  readonly environment: PythonEnvironment;
  /** Version of its Python. */
  readonly python: string;
  /** Version of each module that was asked for; null where it is not there. */
  readonly versions: ReadonlyMap<string, string | null>;
  /** sha256 over the name and version of every package, a line each, in order. */
  readonly packages: string;
}

/** How a setting that names no environment is mended. */
export const NAME_A_FOLDER = "name the folder of an environment, the one that holds bin/python";

/** Says, as JSON, the version of Python and of modules, which it finds but does not import. */
const LOOK = `
import hashlib, importlib.metadata, importlib.util, json, platform, sys
packages = importlib.metadata.packages_distributions()
def version(module):
    if importlib.util.find_spec(module) is None: return None
    names = packages.get(module)
    return importlib.metadata.version(names[0]) if names else "of unknown version"
every = sorted({f"{one.metadata['Name']}=={one.version}" for one in importlib.metadata.distributions()})
print(json.dumps({
    "python": platform.python_version(),
    "modules": {m: version(m) for m in sys.argv[1:]},
    "packages": hashlib.sha256("\\n".join(every).encode()).hexdigest(),
}))
`;

/** Looks at an environment that is there: its Python, and which of these modules it has. */
export async function lookAt(
  folder: string,
  modules: readonly string[],
): Promise<Result<GivenEnvironment, string>> {
  const environment = describe(path.resolve(folder));
  const ran = await runProgram(environment.python, ["-I", "-c", LOOK, ...modules], {
    env: environment.environment,
    timeout: 60_000,
  });
  if (!ran.ok) {
    return err(
      `it has no Python that works at ${environment.python}${ran.tail === "" ? "" : `:\n${ran.tail}`}`,
    );
  }
  const seen = JSON.parse(ran.stdout) as {
    readonly python: string;
    readonly modules: { readonly [name: string]: string | null };
    readonly packages: string;
  };
  const { python, modules: versions, packages } = seen;
  return ok({ environment, python, versions: new Map(Object.entries(versions)), packages });
}

/**
 * An environment that a setting names, used as it is: nothing is installed into it. An error where
 * it has no Python, or lacks a module that the use needs.
 */
export async function useGiven(
  plan: PythonPart,
  use: string | null,
  { value: folder, origin }: Configured<string>,
  speaker: Speaker,
): Promise<Result<PythonEnvironment, UserError>> {
  const where = `the ${plan.part} environment ${folder} (${origin.name ?? "a setting"})`;
  const wrong = (message: string, hint: string): Result<never, UserError> =>
    err(new UserError(message, { exitCode: ExitCode.environment, hint }));
  const wanted = use === null ? undefined : plan.uses[use];
  const looked = await lookAt(folder, wanted?.modules ?? []);
  if (!looked.ok) {
    return wrong(`${where} cannot be used: ${looked.error}`, NAME_A_FOLDER);
  }
  const { environment, python, versions } = looked.value;
  const lacking = [...versions].filter(([, version]) => version === null).map(([name]) => name);
  if (lacking.length > 0) {
    return wrong(
      `${where} lacks ${lacking.join(", ")}, which ${wanted!.does} needs`,
      `install what is missing there, or leave the setting out: then r4ec makes an environment of its own`,
    );
  }
  const found = [...versions].map(([name, version]) => `${name} ${version!}`);
  speaker.line(`using ${folder} (Python ${python}${found.map((one) => `, ${one}`).join("")})`);
  return ok(environment);
}
