import { fetch } from "undici";
import type { Diagnosis } from "./diagnosis.js";
import type { Config, Configured } from "../config/config.js";
import { isDiskError } from "../base/errno.js";
import { dispatcherFor } from "../base/outgoing.js";
import { parseAddress } from "../tracking/address.js";
import { localServerStatus } from "../tracking/server.js";
import { findCompiler } from "../toolchain/compiler.js";
import type { PythonPart } from "../contract/python-part.js";
import type { UserProgram } from "../contract/user-program.js";
import { TRACKING, findEnvironment } from "../toolchain/environment.js";
import { examineFolder, examineNode, examinePackages, examineSlurm } from "./machine.js";
import { examineProgram } from "./programs.js";
import { givenBinding, strangeParts } from "../toolchain/index.js";
import { redact } from "../base/redact.js";
import { runProgram } from "../toolchain/program.js";
import { NAME_A_FOLDER, lookAt } from "../toolchain/given.js";
import { findPython } from "../toolchain/python.js";
import { damagedFiles } from "../toolchain/ready-file.js";
import type { TensorFlowPart, TensorFlowSeen } from "../toolchain/tensorflow.js";
import { wantedFlavour } from "../toolchain/flavour.js";
import { findTensorFlow, tryTensorFlow } from "../toolchain/tensorflow.js";

/**
 * Looks at every part; changes nothing. Runs the parts for real, so it takes some seconds.
 *
 * @param programs those of the user's own that a spec names
 */
export async function examine(
  config: Config,
  environments: readonly PythonPart[],
  programs: readonly UserProgram[],
): Promise<readonly Diagnosis[]> {
  const toolchain = config.toolchain.value;
  const [tensorflow, ...others] = await Promise.all([
    examineTensorFlow(toolchain),
    examineNode(),
    examinePackages(),
    examinePython(),
    examineCompiler(),
    ...[TRACKING, ...environments].map((part) => {
      const given = config.environments[part.part];
      return given === undefined ? examineEnvironment(part, toolchain) : examineGiven(part, given);
    }),
    ...strangeParts(config, environments).map(({ part, error }): Diagnosis => ({
      ...{ name: part, needed: true, state: "failed" },
      ...{ detail: error.message, mend: error.hint ?? null },
    })),
    ...programs.map(examineProgram),
    examineServer(config),
    examineFolder("store", config.store.value, 1e9),
    examineFolder("toolchain", toolchain, 3e9),
    examineSlurm(),
  ]);
  const [node, packages, python, compiler, ...rest] = others;
  return [node!, packages!, python!, compiler!, ...tensorflow, ...rest];
}

/** Whether sweeps can run on this machine as it is. */
export const isHealthy = (checks: readonly Diagnosis[]): boolean =>
  checks.every((check) => !check.needed || check.state === "ok" || check.state === "warning");

async function examinePython(): Promise<Diagnosis> {
  const python = await findPython();
  const base = { name: "python", needed: true } as const;
  if (!python.ok) {
    return {
      ...base,
      state: "missing",
      detail: python.error.message,
      mend: python.error.hint ?? null,
    };
  }
  const { path, version, pip } = python.value;
  const detail = `Python ${version} at ${path}, ${pip === null ? "pip by venv" : `pip ${pip}`}`;
  return { ...base, state: "ok", detail, mend: null };
}

async function examineCompiler(): Promise<Diagnosis> {
  const compiler = await findCompiler();
  const base = { name: "compiler", needed: false, mend: null } as const;
  return compiler === null
    ? {
        ...base,
        state: "ok",
        detail: "there is none; setup fetches the one in PyPI's package ziglang",
      }
    : { ...base, state: "ok", detail: compiler.name };
}

/** TensorFlow's files, whether it computes, and whether it sees the GPUs that the machine has. */
async function examineTensorFlow(toolchain: string): Promise<readonly Diagnosis[]> {
  const base = { name: "tensorflow", needed: true } as const;
  const given = givenBinding();
  const part = given === null ? await findTensorFlow(toolchain) : null;
  if (given === null && part === null) {
    const detail = `not installed in ${toolchain}`;
    const mend = "r4ec setup --only tensorflow";
    return [{ ...base, state: "missing", detail, mend }];
  }
  const damaged = part === null ? [] : await damagedFiles(part.folder, part.ready);
  if (damaged.length > 0) {
    const detail = `files in ${part!.folder} have changed: ${damaged.join(", ")}`;
    const mend = `rm -r ${part!.folder} && r4ec setup --only tensorflow`;
    return [{ ...base, state: "failed", detail, mend }];
  }
  const environment = part?.environment ?? { R4EC_TFJS_BINDING: given! };
  const seen = await tryTensorFlow(environment);
  if (!seen.ok) {
    const mend =
      part === null
        ? "R4EC_TFJS_BINDING names it; unset it, then r4ec setup builds a binding"
        : `rm -r ${part.folder} && r4ec setup --only tensorflow`;
    return [{ ...base, state: "failed", detail: seen.error.message, mend }];
  }
  const source = part === null ? `binding ${given}` : `${part.flavour}, ${part.folder}`;
  const detail = `TensorFlow ${seen.value.version} computes (${source})`;
  return [{ ...base, state: "ok", detail, mend: null }, await examineGpu(part, seen.value)];
}

async function examineGpu(part: TensorFlowPart | null, seen: TensorFlowSeen): Promise<Diagnosis> {
  const base = { name: "gpu", needed: false } as const;
  if ((await wantedFlavour()) === "cpu") {
    const detail = "no GPU here (nvidia-smi -L lists none); stages run on the CPU";
    return { ...base, state: "ok", detail, mend: null };
  }
  const listed = await runProgram("nvidia-smi", ["-L"], { timeout: 20_000 });
  const cards = listed.stdout.split("\n").filter((line) => line.startsWith("GPU ")).length;
  if (seen.gpu) {
    return {
      ...base,
      state: "ok",
      detail: `${cards} card(s), TensorFlow computes on them`,
      mend: null,
    };
  }
  const detail = `${cards} card(s), but TensorFlow sees none`;
  const mend =
    part?.flavour === "gpu"
      ? "TensorFlow needs a driver for CUDA 12 (525 or newer): compare nvidia-smi's first lines"
      : "r4ec setup --only tensorflow";
  return { ...base, state: "warning", detail, mend };
}

async function examineEnvironment(plan: PythonPart, toolchain: string): Promise<Diagnosis> {
  const base = { name: plan.part, needed: false } as const;
  const found = await findEnvironment(plan, toolchain);
  const mend = `r4ec setup --only ${plan.part}`;
  if (found === null) {
    const detail = `${plan.contents} is not installed; ${plan.without}`;
    return { ...base, state: "missing", detail, mend };
  }
  const { environment, ready } = found;
  const tried = await runProgram(environment.python, ["-I", "-c", plan.trial], {
    env: environment.environment,
    timeout: 180_000,
  });
  if (!tried.ok) {
    const detail = `${plan.contents} in ${environment.folder} does not start:\n${tried.tail}`;
    return { ...base, state: "failed", detail, mend: `rm -r ${environment.folder} && ${mend}` };
  }
  const detail = `${plan.contents} (Python ${ready.facts["python"] ?? "?"}, ${environment.folder})`;
  return { ...base, state: "ok", detail, mend: null };
}

/** An environment of the user's own: what it has, and which stages can run in it. */
async function examineGiven(
  plan: PythonPart,
  { value: folder, origin }: Configured<string>,
): Promise<Diagnosis> {
  const base = { name: plan.part, needed: false } as const;
  const named = `${folder} (${origin.name ?? origin.kind})`;
  const uses = Object.values(plan.uses);
  const looked = await lookAt(folder, [...new Set(uses.flatMap(({ modules }) => modules))]);
  if (!looked.ok) {
    const detail = `${named}: ${looked.error}`;
    return { ...base, state: "failed", detail, mend: NAME_A_FOLDER };
  }
  const { python, versions } = looked.value;
  const has = [...versions].filter(([, version]) => version !== null);
  const lines = uses.map(({ does, modules }) => {
    const lacking = modules.filter((name) => versions.get(name) === null);
    return lacking.length === 0 ? `${does}: yes` : `${does}: no, it lacks ${lacking.join(", ")}`;
  });
  const detail = [
    `yours, ${named}: Python ${python}${has.map(([name, version]) => `, ${name} ${version!}`).join("")}`,
    ...lines,
  ].join("\n");
  const state = lines.some((line) => line.endsWith(": yes")) ? "ok" : "warning";
  return { ...base, state, detail, mend: state === "ok" ? null : "install there what it lacks" };
}

async function examineServer(config: Config): Promise<Diagnosis> {
  const base = { name: "mlflow-server", needed: false } as const;
  const uri = config.mlflowUri.value;
  if (uri === "off") return { ...base, state: "ok", detail: "tracking is off", mend: null };
  if (uri === null) {
    const status = await localServerStatus(config.store.value).catch(storeTrouble);
    if ("trouble" in status) {
      const detail = `the store cannot be read: ${status.trouble}`;
      return { ...base, state: "failed", detail, mend: "see the line about the store" };
    }
    if (!status.running) {
      const detail = "the local server is not running; the next sweep starts it";
      return { ...base, state: "ok", detail, mend: null };
    }
    return status.healthy
      ? { ...base, state: "ok", detail: `local server at ${status.url}`, mend: null }
      : {
          ...base,
          state: "failed",
          detail: `the local server (process ${status.pid}) does not answer; its log: ${status.log}`,
          mend: "r4ec mlflow stop",
        };
  }
  return askServer(uri);
}

/** A disk's error, to be shown; anything else is a bug and thrown on. */
function storeTrouble(error: unknown): { readonly trouble: string } {
  if (isDiskError(error)) return { trouble: error.message };
  throw error;
}

async function askServer(uri: string): Promise<Diagnosis> {
  const base = { name: "mlflow-server", needed: false } as const;
  const shown = redact(uri);
  const parsed = parseAddress(uri);
  const authorization = parsed.ok ? parsed.value.authorization : null;
  const mend = "check the address, whether the server runs, and whether it accepts this machine";
  try {
    const address = new URL(uri);
    address.username = "";
    address.password = "";
    address.pathname = `${address.pathname.replace(/\/$/, "")}/health`;
    const response = await fetch(address, {
      signal: AbortSignal.timeout(10_000),
      dispatcher: dispatcherFor(address.href, {}),
      ...(authorization === null ? {} : { headers: { authorization } }),
    });
    await response.body?.cancel();
    return response.ok
      ? { ...base, state: "ok", detail: `${shown} answers`, mend: null }
      : {
          ...base,
          state: "failed",
          detail: `${shown} answers with status ${response.status}`,
          mend,
        };
  } catch (error) {
    const reason = error instanceof Error ? ((error.cause as Error)?.message ?? error.message) : "";
    return { ...base, state: "failed", detail: `${shown} does not answer: ${reason}`, mend };
  }
}
