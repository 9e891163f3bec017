import type { InstallContext } from "./install-context.js";
import { existsSync } from "node:fs";
import { chmod, copyFile, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { waitForLock } from "../base/lock.js";
import { compileBinding, fetchCompiler, findCompiler, type Compiler } from "./compiler.js";
import { cudaEnvironment, cudaFiles, installCuda } from "./cuda.js";
import { broken, failedProgram } from "./failure.js";
import type { PipFinder } from "./pip.js";
import { pipFinder } from "./pip.js";
import { packageFile } from "../base/package.js";
import { placesIn } from "./folders.js";
import { runProgram, type Outcome } from "./program.js";
import { findTfjs, installTfjs } from "./tfjs.js";
import type { Ready } from "./ready-file.js";
import { readReady, unready, writeReady } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import { fetchWheel, removeWheel, unpackWheel } from "./wheel.js";
import { openFolder } from "../base/folder.js";
import type { Flavour, TensorFlowPlan } from "./flavour.js";
import { packageFolder, planFor, wantedFlavour } from "./flavour.js";

/** File name of the native binding, in the part's folder and in a pack. */
export const BINDING = "tfjs_binding.node";

/** TensorFlow as it stands on this machine. */
export interface TensorFlowPart {
  readonly folder: string;
  readonly flavour: Flavour;
  readonly ready: Ready;
  /** Variables for processes that load it. */
  readonly environment: { readonly [name: string]: string };
}

/** A binding that the user names (one built by the site, say) is used as it is. */
export function givenBinding(): string | null {
  const given = process.env["R4EC_TFJS_BINDING"];
  return given === undefined || given === "" ? null : path.resolve(given);
}

/** TensorFlow where it is installed; null where it is not. */
export async function findTensorFlow(toolchain: string): Promise<TensorFlowPart | null> {
  const plan = planFor(toolchain, await wantedFlavour());
  return plan.ok ? describe(plan.value) : null;
}

async function describe(plan: TensorFlowPlan): Promise<TensorFlowPart | null> {
  const ready = await readReady(plan.folder, plan.recipe);
  if (ready === null || findTfjs(plan.folder) === null) return null;
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
  flavour?: Flavour,
): Promise<Result<TensorFlowPart, UserError>> {
  const planned = planFor(context.toolchain, flavour ?? (await wantedFlavour()));
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
  plan: TensorFlowPlan,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<TensorFlowPart, UserError>> {
  const findTool = pipFinder(context.toolchain);
  const tfjs = await installTfjs(plan.folder, context, speaker);
  if (!tfjs.ok) return tfjs;
  // Another r4ec on this machine, with a package of its own, may have built all else.
  const there = await describe(plan);
  if (there !== null) return ok(there);
  await openFolder(plan.folder);
  const unpacked = await unpack(plan, findTool, context, speaker);
  if (!unpacked.ok) return unpacked;
  if (plan.flavour === "gpu") {
    const cuda = await installCuda(findTool, plan.folder, context, speaker);
    if (!cuda.ok) return cuda;
  }
  const compiled =
    (await takeCarried(plan, context, speaker)) ??
    (await compile(plan, tfjs.value, findTool, context, speaker));
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
  // The headers served their purpose, and a wheel is 270 MB or more. Other files that were fetched stay.
  await rm(path.join(plan.folder, "tensorflow", "include"), { recursive: true, force: true });
  if (context.keepDownloads !== true && process.env["R4EC_KEEP_DOWNLOADS"] !== "1") {
    await removeWheel(plan.wheel, wheelsOf(context));
  }
  speaker.line("ready");
  const part = await describe(plan);
  return part === null ? err(broken(`${plan.folder} changed while it was made`)) : ok(part);
}

/** Where TensorFlow's wheel lies: where a pack brought it, else among what was fetched. */
const wheelsOf = ({ carried, toolchain }: InstallContext): string =>
  carried ?? placesIn(toolchain).downloads;

/**
 * The binding that a pack brought, where it works beside these libraries; null where there is none, or
 * where it asks for a newer system than this one: then it is built here.
 */
async function takeCarried(
  plan: TensorFlowPlan,
  { carried, signal }: InstallContext,
  speaker: Speaker,
): Promise<Result<{ compiler: string }, UserError> | null> {
  const brought = carried === undefined ? null : path.join(carried, BINDING);
  if (brought === null || !existsSync(brought)) return null;
  const target = path.join(plan.folder, BINDING);
  // A process may have the one that is there open. The draft lies beside it, from where it finds the libraries.
  const draft = `${target}.draft`;
  await copyFile(brought, draft);
  await chmod(draft, 0o755);
  const cuda = plan.flavour === "gpu" ? await cudaEnvironment(plan.folder, process.env) : {};
  const seen = await speaker.during("trying the binding of the pack", () =>
    tryTensorFlow({ R4EC_TFJS_BINDING: draft, ...cuda }, signal),
  );
  if (seen.ok) {
    await unready(plan.folder);
    await rename(draft, target);
    return ok({ compiler: "that of the machine that made the pack" });
  }
  await rm(draft, { force: true });
  speaker.line(`the binding of the pack does not work here, so it is built: ${seen.error.message}`);
  return null;
}

/** Headers and libraries, out of the wheel. Skipped where a former attempt came as far. */
async function unpack(
  plan: TensorFlowPlan,
  findTool: PipFinder,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<void, UserError>> {
  const stamp = path.join(plan.folder, "unpacked");
  const whole = await readReady(stamp, plan.recipe);
  if (whole !== null && existsSync(path.join(plan.folder, "tensorflow", "include"))) {
    return ok(undefined);
  }
  const wheel = await fetchWheel(
    findTool,
    plan.wheel,
    wheelsOf(context),
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
  plan: TensorFlowPlan,
  tfjs: string,
  findTool: PipFinder,
  context: InstallContext,
  speaker: Speaker,
): Promise<Result<{ compiler: string }, UserError>> {
  const headers = path.join(packageFolder("node-api-headers"), "include");
  const sources = path.join(tfjs, "binding");
  const job = {
    sources: ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => path.join(sources, name)),
    includes: [headers, path.join(plan.folder, "tensorflow", "include"), sources],
    libraries: (await libraries(plan.folder)).map((name) => path.join(plan.folder, name)),
    libraryFolder: "tensorflow",
    output: path.join(plan.folder, BINDING),
  };
  // Until its binding is replaced, what another r4ec made there serves that one.
  const replaceBinding = async (compiler: Compiler): Promise<Outcome> => {
    await unready(plan.folder);
    return compileBinding(compiler, job, context.signal);
  };
  const own = await findCompiler();
  if (own !== null) {
    const outcome = await speaker.during(`building the binding with ${own.name}`, () =>
      replaceBinding(own),
    );
    if (outcome.ok) return ok({ compiler: own.name });
    speaker.line(`${own.name} could not build it:\n${outcome.tail}`);
  } else {
    speaker.line("this machine has no C++ compiler (CXX, c++, g++, clang++)");
  }
  const { toolchain, signal } = context;
  const fetched = await fetchCompiler(findTool, toolchain, context.offline, speaker, signal);
  if (!fetched.ok) return fetched;
  const outcome = await speaker.during(`building the binding with ${fetched.value.name}`, () =>
    replaceBinding(fetched.value),
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
