import type { InstallContext } from "./install-context.js";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { waitForLock } from "../base/lock.js";
import { compileBinding, fetchCompiler, findCompiler } from "./compiler.js";
import { cudaEnvironment, cudaFiles, installCuda } from "./cuda.js";
import { broken, failedProgram } from "./failure.js";
import type { Pip } from "./pip.js";
import { findPip } from "./pip.js";
import { PACKAGE_ROOT, packageFile } from "../base/package.js";
import { placesIn, platformName } from "./folders.js";
import { runProgram } from "./program.js";
import { findPython } from "./python.js";
import type { Ready } from "./ready-file.js";
import { readReady, recipeOf, unready, writeReady } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import type { WantedWheel } from "./wheel.js";
import { fetchWheel, unpackWheel } from "./wheel.js";
import { openFolder } from "../base/folder.js";

/** Version of the TensorFlow that tfjs-node's binding is built against. */
export const TENSORFLOW_VERSION = "2.21.0";

export type Flavour = "cpu" | "gpu";

/** The wheels by flavour and machine; sha256 as the package index publishes them. */
const WHEELS: { readonly [key: string]: Omit<WantedWheel, "version"> } = {
  "cpu-linux-x64": {
    package: "tensorflow-cpu",
    platform: "manylinux_2_27_x86_64",
    sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  },
  "gpu-linux-x64": {
    package: "tensorflow",
    platform: "manylinux_2_27_x86_64",
    sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
  },
  "cpu-linux-arm64": {
    package: "tensorflow",
    platform: "manylinux_2_27_aarch64",
    sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
  },
  "cpu-darwin-arm64": {
    package: "tensorflow",
    platform: "macosx_12_0_arm64",
    sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
  },
};

const BINDING = "tfjs_binding.node";

/** TensorFlow as it stands on this machine. */
export interface TensorFlowPart {
  readonly folder: string;
  readonly flavour: Flavour;
  readonly ready: Ready;
  /** Variables for processes that load it. */
  readonly environment: { readonly [name: string]: string };
}

/** The flavour this machine calls for: R4EC_TENSORFLOW (cpu or gpu), else gpu where there is one. */
export async function wantedFlavour(): Promise<Flavour> {
  const named = process.env["R4EC_TENSORFLOW"];
  if (named === "cpu" || named === "gpu") return named;
  if (WHEELS[`gpu-${platformName()}`] === undefined) return "cpu";
  const outcome = await runProgram("nvidia-smi", ["-L"], { timeout: 20_000 });
  return outcome.ok && /^GPU \d+:/m.test(outcome.stdout) ? "gpu" : "cpu";
}

interface Plan {
  readonly flavour: Flavour;
  readonly wheel: WantedWheel;
  readonly folder: string;
  readonly recipe: string;
}

async function planFor(toolchain: string): Promise<Result<Plan, UserError>> {
  const flavour = await wantedFlavour();
  const wheel = WHEELS[`${flavour}-${platformName()}`];
  if (wheel === undefined) {
    return err(
      broken(
        `there is no TensorFlow ${TENSORFLOW_VERSION} (${flavour}) for ${platformName()}`,
        `r4ec runs on ${Object.keys(WHEELS).join(", ")}`,
      ),
    );
  }
  return ok({
    flavour,
    wheel: { ...wheel, version: TENSORFLOW_VERSION },
    folder: placesIn(toolchain).tensorflow(TENSORFLOW_VERSION, flavour),
    recipe: recipeOf({ wheel: wheel.sha256, tfjs: tfjsVersion(), napi: 8, layout: 1 }),
  });
}

/** TensorFlow where it is installed; null where it is not. */
export async function findTensorFlow(toolchain: string): Promise<TensorFlowPart | null> {
  const plan = await planFor(toolchain);
  return plan.ok ? describe(plan.value) : null;
}

async function describe(plan: Plan): Promise<TensorFlowPart | null> {
  const ready = await readReady(plan.folder, plan.recipe);
  if (ready === null) return null;
  const { folder, flavour } = plan;
  return {
    ...{ folder, flavour, ready },
    environment: {
      R4EC_TFJS_BINDING: path.join(folder, BINDING),
      ...(flavour === "gpu" ? await cudaEnvironment(folder, process.env) : {}),
    },
  };
}

/** Installs TensorFlow and builds the binding where they are missing; goes on where it stopped. */
export async function installTensorFlow(
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<TensorFlowPart, UserError>> {
  const planned = await planFor(context.toolchain);
  if (!planned.ok) return planned;
  const plan = planned.value;
  const there = await describe(plan);
  if (there !== null) return ok(there);
  const lock = await waitForLock(`${plan.folder}.lock`, "install TensorFlow", {
    waiting: (holder) => speaker.line(`waiting for process ${holder.pid}, which installs it`),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  try {
    const meanwhile = await describe(plan);
    if (meanwhile !== null) return ok(meanwhile);
    return await build(plan, context, speaker);
  } finally {
    await lock.release();
  }
}

async function build(
  plan: Plan,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<TensorFlowPart, UserError>> {
  const python = await findPython();
  if (!python.ok) return python;
  const tool = await findPip(python.value, context.toolchain);
  if (!tool.ok) return tool;
  await unready(plan.folder);
  await openFolder(plan.folder);
  const unpacked = await unpack(plan, tool.value, context, speaker);
  if (!unpacked.ok) return unpacked;
  if (plan.flavour === "gpu") {
    const cuda = await installCuda(tool.value, plan.folder, context, speaker);
    if (!cuda.ok) return cuda;
  }
  const compiled = await compile(plan, tool.value, context, speaker);
  if (!compiled.ok) return compiled;
  const environment = {
    R4EC_TFJS_BINDING: path.join(plan.folder, BINDING),
    ...(plan.flavour === "gpu" ? await cudaEnvironment(plan.folder, process.env) : {}),
  };
  const seen = await speaker.during("trying it", () => tryTensorFlow(environment, context.signal));
  if (!seen.ok) return seen;
  if (plan.flavour === "gpu" && !seen.value.gpu) {
    speaker.line("it sees no GPU and will run on the CPU; r4ec doctor says more");
  }
  await speaker.during("checksums", async () => {
    const files = [BINDING, ...(await libraries(plan.folder)), ...(await cudaFiles(plan.folder))];
    const facts = { tensorflow: seen.value.version, flavour: plan.flavour, ...compiled.value };
    await writeReady(plan.folder, plan.recipe, facts, files);
  });
  // The headers served their purpose, and a wheel is 270 MB or more.
  await rm(path.join(plan.folder, "tensorflow", "include"), { recursive: true, force: true });
  if (process.env["R4EC_KEEP_DOWNLOADS"] !== "1") {
    await rm(placesIn(context.toolchain).downloads, { recursive: true, force: true });
  }
  speaker.line("ready");
  const part = await describe(plan);
  return part === null ? err(broken(`${plan.folder} changed while it was made`)) : ok(part);
}

/** Headers and libraries, out of the wheel. Skipped where a former attempt came as far. */
async function unpack(
  plan: Plan,
  tool: Pip,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<void, UserError>> {
  const stamp = path.join(plan.folder, "unpacked");
  const whole = await readReady(stamp, plan.recipe);
  if (whole !== null && existsSync(path.join(plan.folder, "tensorflow", "include"))) {
    return ok(undefined);
  }
  const downloads = placesIn(context.toolchain).downloads;
  const wheel = await fetchWheel(
    tool,
    plan.wheel,
    downloads,
    context.offline,
    speaker,
    context.signal,
  );
  if (!wheel.ok) return wheel;
  const headers = ["c", "core/platform", "tsl"].map(
    (f) => `tensorflow/include/tensorflow/${f}/*.h`,
  );
  const patterns = [
    ...headers,
    ...["tensorflow/include/tsl/platform/*.h", "tensorflow/include/xla/tsl/c/*.h"],
    ...["tensorflow/libtensorflow_cc.*", "tensorflow/libtensorflow_framework.*"],
  ];
  const done = await unpackWheel(wheel.value, plan.folder, patterns, speaker, context.signal);
  if (!done.ok) return done;
  await openFolder(stamp);
  await writeReady(stamp, plan.recipe, {}, []);
  return ok(undefined);
}

async function libraries(folder: string): Promise<string[]> {
  const names = await readdir(path.join(folder, "tensorflow"));
  const wanted = /^libtensorflow_(cc|framework)\.(so\.2|2\.dylib)$/;
  return names.filter((name) => wanted.test(name)).map((name) => path.join("tensorflow", name));
}

/** The binding, by the machine's compiler, else by ziglang's. The facts name the compiler used. */
async function compile(
  plan: Plan,
  tool: Pip,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<{ compiler: string }, UserError>> {
  const headers = path.join(packageFolder("node-api-headers"), "include");
  const sources = path.join(packageFolder("@tensorflow/tfjs-node-gpu"), "binding");
  const job = {
    sources: ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => path.join(sources, name)),
    includes: [headers, path.join(plan.folder, "tensorflow", "include"), sources],
    libraries: (await libraries(plan.folder)).map((name) => path.join(plan.folder, name)),
    libraryFolder: "tensorflow",
    output: path.join(plan.folder, BINDING),
  };
  const own = await findCompiler();
  if (own !== null) {
    const outcome = await speaker.during(`building the binding with ${own.name}`, () =>
      compileBinding(own, job, context.signal),
    );
    if (outcome.ok) return ok({ compiler: own.name });
    speaker.line(`${own.name} could not build it:\n${outcome.tail}`);
  } else {
    speaker.line("this machine has no C++ compiler (CXX, c++, g++, clang++)");
  }
  const { toolchain, signal } = context;
  const fetched = await fetchCompiler(tool, toolchain, context.offline, speaker, signal);
  if (!fetched.ok) return fetched;
  const outcome = await speaker.during(`building the binding with ${fetched.value.name}`, () =>
    compileBinding(fetched.value, job, signal),
  );
  if (!outcome.ok) return err(failedProgram("the binding could not be built", outcome));
  // 300 MB that are not needed after the binding has been built.
  await rm(path.join(toolchain, "ziglang"), { recursive: true, force: true });
  return ok({ compiler: fetched.value.name });
}

/** What a process that loaded the binding found. */
export interface TensorFlowSeen {
  /** TensorFlow's own version. */
  readonly version: string;
  /** Whether TensorFlow computes on a GPU. */
  readonly gpu: boolean;
}

/** Loads the binding in a process of its own and multiplies two matrices with it. */
export async function tryTensorFlow(
  environment: { readonly [name: string]: string },
  signal?: AbortSignal,
): Promise<Result<TensorFlowSeen, UserError>> {
  const outcome = await runProgram(process.execPath, [packageFile("scripts/try-tensorflow.mjs")], {
    env: { TF_CPP_MIN_LOG_LEVEL: "2", ...environment },
    signal,
    timeout: 180_000,
  });
  if (!outcome.ok) return err(failedProgram("TensorFlow's binding does not work", outcome));
  return ok(JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "") as TensorFlowSeen);
}

const fromPackage = createRequire(path.join(PACKAGE_ROOT, "package.json"));

/** Folder of an npm package that r4ec depends on. */
const packageFolder = (name: string): string =>
  path.dirname(fromPackage.resolve(`${name}/package.json`));

const tfjsVersion = (): string =>
  (fromPackage("@tensorflow/tfjs-node-gpu/package.json") as { version: string }).version;
