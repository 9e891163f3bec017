import type { UserProgram } from "../contract/user-program.js";
import { describe } from "../toolchain/environment.js";
import { runProgram } from "../toolchain/program.js";
import type { Diagnosis } from "./diagnosis.js";

/**
 * Says, as JSON, the version of Python, the version of each module that the files import (null where it is
 * not there), and what is wrong with files that it cannot read. Modules of Python itself and the files'
 * own are left out, and so are imports that the files can do without: those of a `try` that imports.
 */
const IMPORTS = `
import ast, importlib.metadata, importlib.util, json, os, platform, sys, sysconfig
files, around = sys.argv[1:], os.path.commonpath([os.path.dirname(f) for f in sys.argv[1:]] or [os.sep])
own = {part for f in files for part in os.path.splitext(os.path.relpath(f, around))[0].split(os.sep)}
standard = tuple(os.path.realpath(sysconfig.get_path(n)) + os.sep for n in ("stdlib", "platstdlib"))
wanted, wrong = {}, []
def visit(node, sure):
    if isinstance(node, ast.Import): names = [one.name for one in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0: names = [node.module]
    else: names = []
    for name in names:
        top = name.split(".")[0]
        wanted[top] = wanted.get(top, False) or sure
    tries = isinstance(node, ast.Try) and any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in node.body)
    for child in ast.iter_child_nodes(node): visit(child, sure and not tries)
def version(module):
    if module in own or module in getattr(sys, "stdlib_module_names", sys.builtin_module_names): return None
    spec = importlib.util.find_spec(module)
    if spec is None: return [None]
    origin = os.path.realpath(spec.origin) if spec.origin else ""
    if spec.origin in ("built-in", "frozen") or origin.startswith(standard) and "-packages" not in origin: return None
    names = packages.get(module)
    return [importlib.metadata.version(names[0]) if names else "of unknown version"]
try: packages = importlib.metadata.packages_distributions()
except AttributeError: packages = {}
for file in files:
    if not file.endswith(".py"): continue
    try:
        with open(file, "rb") as opened: visit(ast.parse(opened.read(), file), True)
    except SyntaxError as error: wrong.append("%s:%s: %s" % (os.path.basename(file), error.lineno, error.msg))
found = {name: version(name) for name in wanted}
print(json.dumps({"python": platform.python_version(), "wrong": wrong,
    "modules": {n: v[0] for n, v in sorted(found.items()) if v and (v[0] or wanted[n])}}))
`;

interface Seen {
  readonly python: string;
  readonly wrong: readonly string[];
  readonly modules: { readonly [name: string]: string | null };
}

/** Looks whether a program of the user's own could run here; runs its Python, and not the program. */
export async function examineProgram(one: UserProgram): Promise<Diagnosis> {
  const base = { name: one.name, needed: false } as const;
  const { program, python, environment } = one;
  if (program === null) {
    const detail = "a program that this machine does not have";
    return { ...base, state: "failed", detail, mend: "write its path into the spec" };
  }
  const named = `yours, ${program}${environment === null ? "" : `, in ${environment}`}`;
  if (python === null) {
    const detail = `${named}; it names no Python that could be looked at`;
    return { ...base, state: "ok", detail, mend: null };
  }
  const ran = await runProgram(python, ["-c", IMPORTS, ...one.files], {
    ...(environment === null ? {} : { env: describe(environment).environment }),
    timeout: 60_000,
  });
  if (!ran.ok) {
    const detail = `${named}: its Python, ${python}, does not work${ran.tail === "" ? "" : `:\n${ran.tail}`}`;
    return { ...base, state: "failed", detail, mend: "name an environment whose Python runs" };
  }
  return seenOf(base, named, JSON.parse(ran.stdout) as Seen);
}

function seenOf(
  base: Pick<Diagnosis, "name" | "needed">,
  named: string,
  { python, wrong, modules }: Seen,
): Diagnosis {
  const all = Object.entries(modules);
  const has = all.filter(([, version]) => version !== null);
  const lacking = all.filter(([, version]) => version === null).map(([name]) => name);
  const reasons = [
    ...wrong.map((what) => `this Python cannot read ${what}`),
    ...(lacking.length === 0 ? [] : [`it lacks ${lacking.join(", ")}`]),
  ];
  const detail = [
    `${named}: Python ${python}${has.map(([name, version]) => `, ${name} ${version!}`).join("")}`,
    `its cells: ${reasons.length === 0 ? "yes" : `no, ${reasons.join("; ")}`}`,
  ].join("\n");
  return reasons.length === 0
    ? { ...base, state: "ok", detail, mend: null }
    : {
        ...base,
        state: "warning",
        detail,
        mend: "install there what it lacks, or name another environment",
      };
}
