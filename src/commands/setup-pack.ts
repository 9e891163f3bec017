import path from "node:path";
import type { Options } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import { printJson, printLine, write } from "../base/terminal.js";
import type { Config } from "../config/config.js";
import type { PythonPart } from "../contract/python-part.js";
import type { Science } from "../contract/science.js";
import { workerEnvironment } from "../execute/environment.js";
import type { RestoredOutcome } from "../pack/restore.js";
import type { Say } from "../toolchain/parts.js";
import { USUAL_PARTS } from "../toolchain/parts.js";
import { TRACKING } from "../toolchain/environment.js";

/** Options of `setup --pack`, beside those of the science's supplies. */
export interface PackArguments {
  readonly pack: string | undefined;
  readonly from: string | undefined;
  readonly flavour: "cpu" | "gpu" | undefined;
  readonly parts: string | undefined;
  readonly python: string | undefined;
  readonly node: boolean | undefined;
  readonly "part-size": string | undefined;
}

/** Those options, for yargs. */
export const packOptions = ({ supplies = [] }: Science): { readonly [name: string]: Options } => ({
  pack: {
    type: "string",
    requiresArg: true,
    describe: "a folder: pack r4ec and what it needs into it, for a machine without network",
  },
  from: {
    type: "string",
    requiresArg: true,
    describe: "a folder with the parts of a pack: install from it, without network",
  },
  flavour: {
    choices: ["cpu", "gpu"] as const,
    describe: "pack: the TensorFlow of machines without cards, or with them",
  },
  parts: {
    type: "string",
    requiresArg: true,
    describe: "pack: Python environments; default tracking; tensorflow means none",
  },
  ...Object.fromEntries(
    supplies.map(({ option, describe }) => [
      option,
      { type: "string", requiresArg: true, describe: `pack: ${describe}` } as const,
    ]),
  ),
  python: {
    type: "string",
    requiresArg: true,
    describe: "pack: version of the other machine's Python (3.12); default this machine's",
  },
  node: { type: "boolean", describe: "pack: Node too" },
  "part-size": {
    type: "string",
    requiresArg: true,
    describe: "pack: the most bytes of a file (40M, 2G); default 1G",
  },
});

/** Refuses options that do not go together. */
export function checkPackOptions(
  args: PackArguments & { readonly only: string | undefined },
  science: Science,
): void {
  if (args.pack !== undefined && args.from !== undefined) {
    throw new UserError("--pack and --from exclude each other: a pack is made here, or used here");
  }
  if ((args.pack ?? args.from) !== undefined && args.only !== undefined) {
    throw new UserError("--only is for setup over a network; a pack is chosen by --parts");
  }
  if (args.pack !== undefined) return;
  const names = Object.keys(packOptions(science)).filter((n) => n !== "pack" && n !== "from");
  const given = names.filter(
    (name) => (args as unknown as Record<string, unknown>)[name] !== undefined,
  );
  if (given.length > 0) {
    throw new UserError(`--${given[0]!} says what to pack: it needs --pack FOLDER`);
  }
}

/** What both need of the machine. */
export interface PackSurroundings {
  readonly config: Config;
  readonly say: Say;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** `setup --pack FOLDER` */
export async function packInto(
  folder: string,
  args: PackArguments,
  science: Science,
  { config, say, json, signal }: PackSurroundings,
): Promise<void> {
  const { pack } = await import("../pack/pack.js");
  const { supplies = [] } = science;
  const environments = [TRACKING, ...science.environments];
  if (config.offline.value) {
    throw new UserError(
      `a pack is made with a network, and ${config.offline.origin.name ?? "a setting"} says offline`,
    );
  }
  const named = (option: string): readonly string[] =>
    listOf((args as unknown as { readonly [name: string]: string | undefined })[option]);
  const request = {
    folder: path.resolve(folder),
    flavour: args.flavour ?? null,
    python: args.python === undefined ? null : pythonVersion(args.python),
    partSize: args["part-size"] === undefined ? null : bytesOf(args["part-size"]),
    asked: {
      parts: args.parts === undefined ? null : environmentsOf(listOf(args.parts), environments),
      supplies: Object.fromEntries(supplies.map(({ option }) => [option, named(option)])),
      node: args.node ?? false,
    },
  };
  const outcomes = await pack(request, {
    ...placesOf(config),
    environments,
    supplies,
    say,
    signal,
  });
  const bytes = outcomes.reduce((sum, one) => sum + one.bytes, 0);
  if (json) return printJson({ ok: true, folder: request.folder, bytes, items: outcomes });
  for (const { what, bytes: size, parts, kept } of outcomes) {
    await printLine(`${what}: ${mega(size)}, ${files(parts)}${kept ? ", was there" : ""}`);
  }
  await printLine(
    `${mega(bytes)} in ${request.folder}. Carry all of it, then there: sh install.sh (r4ec itself), r4ec setup --from FOLDER (the rest)`,
  );
}

/** `setup --from FOLDER` */
export async function installFrom(
  folder: string,
  science: Science,
  { config, say, json, signal }: PackSurroundings,
): Promise<void> {
  const { restore } = await import("../pack/restore.js");
  const { supplies = [] } = science;
  const environments = [TRACKING, ...science.environments];
  const from = path.resolve(folder);
  const means = { ...placesOf(config), environments, supplies, say, signal };
  const { outcomes, complete } = await restore(from, means);
  const isBad = outcomes.some(({ state }) => state === "bad");
  const isOpen = outcomes.some(({ state }) => state === "waiting" || state === "failed");
  if (isBad) process.exitCode = ExitCode.usage;
  else if (isOpen || !complete) process.exitCode = ExitCode.environment;
  const ok = !isBad && !isOpen && complete;
  const { toolchain } = means;
  if (json) {
    const items = outcomes.map(({ error, ...one }) => ({ ...one, error: error?.message ?? null }));
    return printJson({ ok, complete, toolchain, items });
  }
  for (const outcome of outcomes) await tell(outcome);
  if (!complete) {
    await write(
      process.stderr,
      "the pack was not finished: run r4ec setup --pack again, and carry it again\n",
    );
  }
  if (ok) {
    await printLine(
      `in ${toolchain}; r4ec doctor checks it. Set R4EC_OFFLINE=1, or offline: true in the settings file, so that nothing is looked for in a network`,
    );
  }
}

async function tell({ what, state, missing, bad, error, folder }: RestoredOutcome): Promise<void> {
  const where = folder === null ? "" : `, in ${folder}`;
  if (state === "ready") return printLine(`${what}: ready${where}`);
  if (state === "there") return printLine(`${what}: was there${where}`);
  if (state === "apart") return;
  const lines = [
    ...bad.map(({ file, why }) => `${what}: ${file} is ${why}; copy it again`),
    ...(missing.length > 0 ? [`${what}: still missing: ${missing.join(", ")}`] : []),
    ...(error === null ? [] : [`${what}: ${error.message}`]),
    ...(error?.hint === undefined ? [] : [`  ${error.hint}`]),
  ];
  await write(process.stderr, lines.map((line) => `${line}\n`).join(""));
}

const placesOf = (config: Config): { readonly toolchain: string; readonly downloads: string } => ({
  toolchain: path.resolve(config.toolchain.value),
  downloads: path.resolve(workerEnvironment(config)["R4EC_DOWNLOADS"]!),
});

const listOf = (text = ""): readonly string[] =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/**
 * Parts by their names, those of their uses (`lab.train`), or a use's name alone where one part has it.
 * `tensorflow` is always carried and names nothing more.
 */
function environmentsOf(
  names: readonly string[],
  environments: readonly PythonPart[],
): readonly string[] {
  const found = names.flatMap((name) => {
    if (name === "tensorflow") return [];
    const [part, use = null] = name.split(".") as [string, string?];
    const byName = environments.find((one) => one.part === part);
    if (byName !== undefined && (use === null || byName.uses[use] !== undefined)) return [part];
    const byUse = environments.filter(({ uses }) => uses[name] !== undefined);
    if (byUse.length === 1) return [byUse[0]!.part];
    const known = [...USUAL_PARTS, ...environments.map((one) => one.part)];
    throw new UserError(
      `--parts knows no ${name}: the parts are ${[...new Set(known)].join(", ")}`,
    );
  });
  return [...new Set(found)];
}

function pythonVersion(text: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.\d+)?$/u.exec(text) ?? [];
  if (major === "3" && Number(minor) >= 10) return `${major}.${minor}`;
  throw new UserError(`--python is ${text}: a version such as 3.12, 3.10 or newer, is expected`);
}

/** Bytes of `40M`, `2G`, `500k` or `40000000`; units of 1000. */
function bytesOf(text: string): number {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)([kMG]?)B?$/iu.exec(text) ?? [];
  const bytes = Number(count) * ({ k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()] ?? 1);
  if (bytes >= 1e6) return Math.floor(bytes);
  throw new UserError(`--part-size is ${text}: a size such as 40M or 2G, at least 1M, is expected`);
}

const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
const files = (count: number): string => (count === 1 ? "1 file" : `${count} files`);
