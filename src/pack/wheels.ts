import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { openFolder } from "../base/folder.js";
import type { PythonPart } from "../contract/python-part.js";
import { broken, failedProgram } from "../toolchain/failure.js";
import type { Flavour } from "../toolchain/flavour.js";
import type { Pip } from "../toolchain/pip.js";
import { pip } from "../toolchain/pip.js";
import { runProgram } from "../toolchain/program.js";
import type { Speaker } from "../toolchain/setup-progress.js";
import type { Uv } from "../toolchain/uv.js";

/** The machine that wheels are for. */
export interface WheelTarget {
  /** `3.11` */
  readonly python: string;
  /** `x64` or `arm64`, Linux. */
  readonly processor: string;
}

/** What fetches wheels. */
export interface WheelTools {
  readonly uv: Uv;
  readonly pip: Pip;
  readonly speaker: Speaker;
  readonly signal?: AbortSignal | undefined;
}

/** glibc that wheels may ask for at most (2.28: Debian 10, RHEL 8). */
const NEWEST_GLIBC = 28;

const machineOf = ({ processor }: WheelTarget): string =>
  processor === "arm64" ? "aarch64" : "x86_64";

/**
 * Fetches all wheels that the steps of an environment install on the target into a folder; what is there
 * already stays. uv chooses the versions, pip fetches from where it is set to look. What is published as
 * source alone is built, which works for packages of Python alone.
 *
 * @throws UserError where a package cannot be had
 */
export async function fetchWheels(
  plan: PythonPart,
  flavour: Flavour,
  target: WheelTarget,
  folder: string,
  tools: WheelTools,
): Promise<void> {
  await openFolder(folder);
  for (const ways of plan.steps(flavour)) {
    const chosen = await choose(plan, ways, target, folder, tools);
    await fetchChosen(plan, chosen, target, folder, tools);
  }
}

/** Packages with their versions, and other indexes that some of them come from. */
interface Chosen {
  readonly pins: readonly string[];
  readonly indexes: readonly string[];
}

/** What uv would install by the first of the ways that works. */
async function choose(
  plan: PythonPart,
  ways: readonly (readonly string[])[],
  target: WheelTarget,
  folder: string,
  { uv, pip: { python }, speaker, signal }: WheelTools,
): Promise<Chosen> {
  const list = path.join(folder, "wanted.in");
  let failed = null;
  for (const args of ways) {
    const { options, wanted } = forCompile(args);
    await writeFile(list, wanted.map((one) => `${one}\n`).join(""));
    const outcome = await speaker.during("choosing versions", () =>
      runProgram(
        uv.program,
        [
          ...["pip", "compile", "--no-header", "--no-annotate", "--emit-index-annotation"],
          ...["--python", python, "--python-version", target.python],
          ...["--python-platform", `${machineOf(target)}-manylinux_2_${NEWEST_GLIBC}`],
          ...["--output-file", `${list}.out`, "--quiet"],
          ...[...uv.installArguments, ...options, list],
        ],
        { env: uv.environment, signal },
      ),
    );
    if (outcome.ok) {
      const chosen = parseCompiled(await readFile(`${list}.out`, "utf8"));
      await Promise.all([list, `${list}.out`].map((file) => rm(file, { force: true })));
      return chosen;
    }
    failed = outcome;
  }
  throw failedProgram(`no versions were found for ${plan.contents}`, failed!);
}

/** Arguments of `uv pip install` as `uv pip compile` takes them: requirements stand in files. */
function forCompile(args: readonly string[]): {
  readonly options: readonly string[];
  readonly wanted: readonly string[];
} {
  const options: string[] = [];
  const wanted: string[] = [];
  for (let n = 0; n < args.length; n++) {
    const arg = args[n]!;
    if (arg === "-r") options.push(args[++n]!);
    else if (arg === "-c" || arg === "--torch-backend") options.push(arg, args[++n]!);
    else if (arg.startsWith("-")) options.push(arg);
    else wanted.push(arg);
  }
  return { options, wanted };
}

/** Reads what `uv pip compile --emit-index-annotation` wrote: pins, and `# from URL` lines. */
function parseCompiled(text: string): Chosen {
  const lines = text.split("\n").map((line) => line.trim());
  const pins = lines.filter((line) => /^[A-Za-z0-9]/u.test(line));
  const indexes = lines.flatMap((line) => /^# from (\S+)$/u.exec(line)?.[1] ?? []);
  return {
    // A condition is about the target, which uv has judged already.
    pins: pins.map((pin) => pin.split(";")[0]!.trim()),
    indexes: [...new Set(indexes)].filter((index) => /^(?:https?|file):/u.test(index)),
  };
}

async function fetchChosen(
  plan: PythonPart,
  { pins, indexes }: Chosen,
  target: WheelTarget,
  folder: string,
  { pip: tool, speaker, signal }: WheelTools,
): Promise<void> {
  const from = indexes.flatMap((index) => ["--extra-index-url", index]);
  const wheels = [
    ...["download", "--no-deps", "--only-binary", ":all:", "--dest", folder, "--no-cache-dir"],
    ...["--implementation", "cp", "--python-version", target.python],
    ...platforms(target).flatMap((platform) => ["--platform", platform]),
  ];
  const asSource: string[] = [];
  let left = pins;
  while (left.length > 0) {
    const outcome = await speaker.during(
      `fetching ${left.length} packages for Python ${target.python}`,
      () => pip(tool, [...wheels, ...from, ...left], { signal }),
      async () => `${(await readdir(folder)).length} so far`,
    );
    if (outcome.ok) break;
    const without = /No matching distribution found for ([^\s;]+)/u.exec(outcome.tail)?.[1];
    if (without === undefined || !left.includes(without)) {
      throw failedProgram(`the wheels of ${plan.contents} could not be fetched`, outcome);
    }
    asSource.push(without);
    left = left.filter((pin) => pin !== without);
  }
  if (asSource.length === 0) return;
  const outcome = await speaker.during(`building wheels of ${asSource.join(", ")}`, () =>
    pip(tool, ["wheel", "--no-deps", "--no-cache-dir", "-w", folder, ...from, ...asSource], {
      signal,
    }),
  );
  if (!outcome.ok) throw failedProgram(`${asSource.join(", ")} could not be built`, outcome);
  const native = (await readdir(folder)).filter(
    (file) => asSource.some((pin) => isOf(file, pin)) && !file.endsWith("-none-any.whl"),
  );
  if (native.length > 0) {
    throw broken(
      `there are no wheels of ${native.join(", ")} for Python ${target.python}: what was built here may not run elsewhere`,
      "name another Python with --python, one that these packages have wheels for",
    );
  }
}

/** Whether a wheel's file is of the package of a pin. */
const isOf = (file: string, pin: string): boolean => {
  const plain = (name: string): string => name.toLowerCase().replace(/[-_.]+/gu, "-");
  return plain(file.split("-")[0]!) === plain(pin.split("==")[0]!);
};

/** pip's names of the platforms whose wheels run on the target, the newest first. */
function platforms(target: WheelTarget): readonly string[] {
  const machine = machineOf(target);
  const oldest = machine === "x86_64" ? 5 : 17;
  const glibc = Array.from({ length: NEWEST_GLIBC - oldest + 1 }, (_, n) => NEWEST_GLIBC - n);
  return [
    ...glibc.map((minor) => `manylinux_2_${minor}_${machine}`),
    ...["manylinux2014", ...(machine === "x86_64" ? ["manylinux2010", "manylinux1"] : [])].map(
      (name) => `${name}_${machine}`,
    ),
    `linux_${machine}`,
  ];
}
