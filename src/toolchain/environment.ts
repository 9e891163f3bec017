import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { waitForLock } from "../base/lock.js";
import { failedProgram, offline } from "./failure.js";
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
import { wantedFlavour } from "./tensorflow.js";
import type { Uv } from "./uv.js";
import { ensureUv } from "./uv.js";

/** One call of `uv pip install`: its arguments, and others to try where it fails. */
export type InstallStep = readonly (readonly string[])[];

/** A Python environment of ours: what is in it and how it is seen to work. */
export interface EnvironmentPlan {
  /** `mlflow-3.17.2`: the readable part of the folder's name. */
  readonly name: string;
  /** What the steps install, for people. */
  readonly contents: string;
  /** Files of requirements/ that decide what is in it. */
  readonly lists: readonly string[];
  readonly steps: (flavour: "cpu" | "gpu") => readonly InstallStep[];
  /** Single-file modules to write into site-packages unless a real one is there, by file name. */
  readonly modules: { readonly [file: string]: string };
  /** A Python program that imports what is needed and fails where that does not work. */
  readonly trial: string;
  /** Programs that must be there. */
  readonly programs: readonly string[];
}

const list = (name: string): string => toolchainFile("requirements", name);

/** MLflow's server and client. */
export const TRACKING: EnvironmentPlan = {
  name: "mlflow-3.17.2",
  contents: "MLflow 3.17.2",
  lists: ["tracking.txt"],
  // The list is complete: mlflow itself would drag in what only training and serving need.
  steps: () => [[["--no-deps", "-r", list("tracking.txt")]]],
  modules: {},
  trial: "import mlflow, mlflow.server, mlflow.store.tracking.sqlalchemy_store",
  programs: ["mlflow"],
};

const TORCH = "2.13.0";
const LLM_LISTS = ["-r", list("llm.in"), "-c", list("llm.txt")];

/** LLaMA-Factory and sentence-transformers. */
export const LLM: EnvironmentPlan = {
  name: "llamafactory-0.9.5",
  contents: "LLaMA-Factory 0.9.5, sentence-transformers, torch",
  lists: ["llm.in", "llm.txt"],
  steps: (flavour) => [
    flavour === "gpu" || process.platform !== "linux"
      ? [LLM_LISTS]
      : [
          // A CPU build where the package index has one; else from PyTorch's own index; else the
          // CUDA build, which runs on the CPU too but brings 3 GB that nothing uses.
          [`torch==${TORCH}+cpu`, ...LLM_LISTS],
          ["--torch-backend", "cpu", ...LLM_LISTS],
          LLM_LISTS,
        ],
    // It asks for a user interface, audio and video packages that training and prediction never load.
    [["--no-deps", "llamafactory==0.9.5"]],
  ],
  modules: {
    // LLaMA-Factory imports it at start, uses it for audio alone, and no CPU build of it exists.
    "torchaudio.py":
      '"""Stands in for torchaudio: imported by LLaMA-Factory, used for audio only."""\n',
  },
  trial:
    "import torch, transformers, datasets, peft, trl, gguf, sentence_transformers, llamafactory.data",
  programs: ["llamafactory-cli"],
};

interface Place {
  readonly folder: string;
  readonly recipe: string;
}

async function placeOf(plan: EnvironmentPlan, toolchain: string): Promise<Place> {
  const texts = await Promise.all(plan.lists.map((name) => readFile(list(name), "utf8")));
  const flavour = plan === LLM ? await wantedFlavour() : "cpu";
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
  plan: EnvironmentPlan,
  toolchain: string,
): Promise<{ readonly environment: PythonEnvironment; readonly ready: Ready } | null> {
  const place = await placeOf(plan, toolchain);
  const ready = await readReady(place.folder, place.recipe);
  return ready === null ? null : { environment: describe(place.folder), ready };
}

function describe(folder: string): PythonEnvironment {
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
  plan: EnvironmentPlan,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<PythonEnvironment, UserError>> {
  const place = await placeOf(plan, context.toolchain);
  if ((await readReady(place.folder, place.recipe)) !== null) return ok(describe(place.folder));
  const lock = await waitForLock(`${place.folder}.lock`, `install ${plan.contents}`, {
    waiting: (holder) => speaker.line(`waiting for process ${holder.pid}, which installs it`),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  try {
    if ((await readReady(place.folder, place.recipe)) !== null) return ok(describe(place.folder));
    if (context.offline) return err(offline(plan.contents));
    const python = await findPython();
    if (!python.ok) return python;
    return await make(plan, place, python.value, context, speaker);
  } finally {
    await lock.release();
  }
}

async function make(
  plan: EnvironmentPlan,
  place: Place,
  python: Python,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<PythonEnvironment, UserError>> {
  const tool = await findPip(python, context.toolchain);
  if (!tool.ok) return tool;
  const { toolchain, signal } = context;
  const uv = await ensureUv(tool.value, toolchain, context.offline, speaker, signal);
  if (!uv.ok) return uv;
  const environment = describe(place.folder);
  await unready(place.folder);
  // What a former attempt installed is taken over by uv; a broken interpreter is not.
  const usable = await runProgram(environment.python, ["-c", "import sys"]);
  if (!usable.ok) {
    await rm(place.folder, { recursive: true, force: true });
    await mkdir(path.dirname(place.folder), { recursive: true });
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
    runProgram(environment.python, ["-c", plan.trial], { env: environment.environment, signal }),
  );
  if (!tried.ok) return err(failedProgram(`${plan.contents} does not start`, tried));
  const files = ["pyvenv.cfg", "bin/python", ...plan.programs.map((name) => `bin/${name}`)];
  await writeReady(place.folder, place.recipe, { python: python.version }, files);
  speaker.line("ready");
  return ok(environment);
}

/** Runs the steps; of a step's ways the first that works. The outcome is the last one's. */
async function installAll(
  plan: EnvironmentPlan,
  environment: PythonEnvironment,
  uv: Uv,
  speaker: Speaker,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const flavour = plan === LLM ? await wantedFlavour() : "cpu";
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
      if (index + 1 < ways.length) speaker.tick("looking elsewhere for torch");
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

async function writeModules(plan: EnvironmentPlan, environment: PythonEnvironment): Promise<void> {
  if (Object.keys(plan.modules).length === 0) return;
  const code = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const site = (await runProgram(environment.python, ["-c", code])).stdout.trim();
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
