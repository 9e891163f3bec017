import { access, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { waitForLock } from "../base/lock.js";
import { failedProgram, offline } from "./failure.js";
import type { PythonPart } from "../contract/python-part.js";
import type { PythonEnvironment } from "./parts.js";
import { findPip } from "./pip.js";
import { placesIn, platformName, toolchainFile } from "./folders.js";
import type { Outcome } from "./program.js";
import { runProgram } from "./program.js";
import type { Python } from "./python.js";
import { findPython } from "./python.js";
import type { Ready } from "./ready-file.js";
import { readReady, recipeOf, unready, writeReady } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import type { InstallContext } from "./install-context.js";
import type { Flavour } from "./flavour.js";
import { wantedFlavour } from "./flavour.js";
import type { Uv } from "./uv.js";
import { carriedUv, ensureUv } from "./uv.js";
import { openFolder } from "../base/folder.js";

const TRACKING_LIST = toolchainFile("requirements", "tracking.txt");

/** MLflow's server and client: the engine's own environment. */
export const TRACKING: PythonPart = {
  part: "tracking",
  name: "mlflow-3.17.2",
  title: "MLflow 3.17.2",
  contents: "MLflow 3.17.2",
  without: "without it, sweeps are not shown in MLflow",
  lists: [TRACKING_LIST],
  byFlavour: false,
  // The list is complete: mlflow itself would drag in what only training and serving need.
  steps: () => [[["--no-deps", "-r", TRACKING_LIST]]],
  modules: {},
  trial: "import mlflow, mlflow.server, mlflow.store.tracking.sqlalchemy_store",
  programs: ["mlflow"],
  uses: { server: { does: "the local MLflow server", modules: ["mlflow"] } },
};

interface Place {
  readonly folder: string;
  readonly recipe: string;
}

/** The flavour of an environment on this machine. */
export const environmentFlavour = async (plan: PythonPart): Promise<Flavour> =>
  plan.byFlavour ? await wantedFlavour() : "cpu";

/** The folder of an environment of a flavour, and the hash of what it is made from. */
export async function placeOf(
  plan: PythonPart,
  toolchain: string,
  flavour: Flavour,
): Promise<Place> {
  const texts = await Promise.all(plan.lists.map((file) => readFile(file, "utf8")));
  const recipe = recipeOf({
    ...{ name: plan.name, texts, modules: plan.modules, flavour, platform: platformName() },
    steps: plan
      .steps(flavour)
      .map((ways) => ways.map((args) => args.filter((a) => !path.isAbsolute(a)))),
  });
  const folder = placesIn(toolchain).environment(`${plan.name}-${flavour}-${recipe.slice(0, 8)}`);
  return { folder, recipe };
}

/** An environment where it is installed; null where it is not. */
export async function findEnvironment(
  plan: PythonPart,
  toolchain: string,
): Promise<{ readonly environment: PythonEnvironment; readonly ready: Ready } | null> {
  const place = await placeOf(plan, toolchain, await environmentFlavour(plan));
  const ready = await readReady(place.folder, place.recipe);
  return ready === null ? null : { environment: describe(place.folder), ready };
}

/** What is where in the folder of an environment, made by venv, uv or conda. */
export function describe(folder: string): PythonEnvironment {
  const programs = path.join(folder, "bin");
  return {
    folder,
    python: path.join(programs, "python"),
    programs,
    environment: {
      VIRTUAL_ENV: folder,
      PATH: `${programs}${path.delimiter}${process.env["PATH"] ?? ""}`,
      // Nothing of another Python on this machine may mix in.
      PYTHONNOUSERSITE: "1",
      PYTHONPATH: "",
    },
  };
}

/** Makes an environment where it is missing or not whole. */
export async function installEnvironment(
  plan: PythonPart,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<PythonEnvironment, UserError>> {
  const place = await placeOf(plan, context.toolchain, await environmentFlavour(plan));
  if ((await readReady(place.folder, place.recipe)) !== null) return ok(describe(place.folder));
  const lock = await waitForLock(`${place.folder}.lock`, `install ${plan.contents}`, {
    waiting: (holder) => speaker.line(`waiting for process ${holder.pid}, which installs it`),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  try {
    if ((await readReady(place.folder, place.recipe)) !== null) return ok(describe(place.folder));
    if (context.offline && context.carried === undefined) return err(offline(plan.contents));
    const python = await findPython(context.carried !== undefined);
    if (!python.ok) return python;
    return await make(plan, place, python.value, context, speaker);
  } finally {
    await lock.release();
  }
}

async function make(
  plan: PythonPart,
  place: Place,
  python: Python,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<PythonEnvironment, UserError>> {
  const { toolchain, carried, signal } = context;
  const uv =
    carried === undefined
      ? await fetchedUv(python, context, speaker)
      : ok(carriedUv(toolchain, carried));
  if (!uv.ok) return uv;
  const environment = describe(place.folder);
  await unready(place.folder);
  // uv reuses what an earlier attempt installed, except a broken interpreter.
  const usable = await runProgram(environment.python, ["-I", "-c", "import sys"]);
  if (!usable.ok) {
    await rm(place.folder, { recursive: true, force: true });
    await openFolder(path.dirname(place.folder));
    const args = ["venv", "--no-project", "--python", python.path, place.folder];
    const made = await runProgram(uv.value.program, args, { env: uv.value.environment, signal });
    if (!made.ok) return err(failedProgram("uv venv failed", made));
  }
  const installed = await speaker.during(
    `installing ${plan.contents} (Python ${python.version})`,
    () => installAll(plan, environment, uv.value, speaker, signal),
  );
  if (!installed.ok)
    return err(failedProgram(`${plan.contents} could not be installed`, installed));
  await writeModules(plan, environment);
  const tried = await speaker.during("trying it", () =>
    runProgram(environment.python, ["-I", "-c", plan.trial], {
      env: environment.environment,
      signal,
    }),
  );
  if (!tried.ok) return err(failedProgram(`${plan.contents} does not start`, tried));
  const files = ["pyvenv.cfg", "bin/python", ...plan.programs.map((name) => `bin/${name}`)];
  await writeReady(place.folder, place.recipe, { python: python.version }, files);
  speaker.line("ready");
  return ok(environment);
}

async function fetchedUv(
  python: Python,
  { toolchain, offline: isOffline, signal }: InstallContext,
  speaker: Speaker,
): Promise<Result<Uv, UserError>> {
  const tool = await findPip(python, toolchain);
  return tool.ok ? ensureUv(tool.value, toolchain, isOffline, speaker, signal) : tool;
}

/** Runs the steps; of a step's ways the first that works. The outcome is the last one's. */
async function installAll(
  plan: PythonPart,
  environment: PythonEnvironment,
  uv: Uv,
  speaker: Speaker,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const flavour = await environmentFlavour(plan);
  let outcome: Outcome | undefined;
  for (const ways of plan.steps(flavour)) {
    for (const [index, args] of ways.entries()) {
      outcome = await runProgram(
        uv.program,
        [
          ...["pip", "install", "--python", environment.python, "--compile-bytecode"],
          ...[...uv.installArguments, ...args],
        ],
        { env: uv.environment, signal, onLine: (line) => sayUsefulLine(line, speaker) },
      );
      if (outcome.ok) break;
      if (index + 1 < ways.length) speaker.tick("looking elsewhere");
    }
    if (outcome?.ok !== true) break;
  }
  if (outcome === undefined) throw new Error(`${plan.name} has nothing to install`);
  return outcome;
}

/** uv's steps, without the list of every package that it ends with. */
function sayUsefulLine(line: string, speaker: Speaker): void {
  if (/^(Resolved|Downloading|Prepared|Installed|Bytecode)/.test(line.trim())) {
    speaker.tick(line.trim());
  }
}

async function writeModules(plan: PythonPart, environment: PythonEnvironment): Promise<void> {
  if (Object.keys(plan.modules).length === 0) return;
  const code = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const site = (await runProgram(environment.python, ["-I", "-c", code])).stdout.trim();
  const isThere = (name: string): Promise<boolean> =>
    access(path.join(site, name)).then(
      () => true,
      () => false,
    );
  for (const [file, text] of Object.entries(plan.modules)) {
    const real = (await isThere(path.basename(file, ".py"))) || (await isThere(file));
    if (!real) await writeFile(path.join(site, file), text);
  }
}
