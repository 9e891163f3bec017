import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import type { Fingerprint } from "../../src/base/fingerprint.js";
import type { SweepState } from "../../src/journal/index.js";
import { listSweeps, readSweep } from "../../src/journal/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

function sourcesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((name) => /\.(ts|json|py|css)$/.test(name));
}

/**
 * The command line over the toy science as JavaScript: the engine's sources and the toy's,
 * translated into a folder named by their content. Gives the program's file.
 */
export function toyProgram(): Promise<string> {
  return (translated ??= translate());
}

let translated: Promise<string> | undefined;

async function translate(): Promise<string> {
  const files = [...sourcesBelow("src"), ...sourcesBelow("test/support/toy")].sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(path.join(root, file)));
  const out = path.join(root, "dist", "engine-toy", hash.digest("hex").slice(0, 16));
  const program = path.join(out, "test/support/toy/main.js");
  if (existsSync(program)) return program;
  const draft = `${out}.${process.pid}`;
  for (const file of files) {
    const target = path.join(draft, file);
    await mkdir(path.dirname(target), { recursive: true });
    if (!file.endsWith(".ts")) {
      await cp(path.join(root, file), target);
      continue;
    }
    const { outputText } = ts.transpileModule(readFileSync(path.join(root, file), "utf8"), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    await writeFile(target.replace(/\.ts$/, ".js"), outputText);
  }
  await cp(path.join(root, "package.json"), path.join(draft, "package.json"));
  await cp(path.join(root, "schemas"), path.join(draft, "schemas"), { recursive: true });
  // Another test file may have been faster.
  await rename(draft, out).catch(() => rm(draft, { recursive: true, force: true }));
  return program;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command line. */
export interface Run {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stderr(): string;
}

/** A folder with specs, a store and the files by which the toy is told what to do. */
export class Lab {
  readonly #runs: Run[] = [];
  /** Variables of the programs that it starts, beside those of the tests themselves; undefined takes one away. */
  environment: { [name: string]: string | undefined } = {};

  private constructor(
    readonly folder: string,
    private readonly program: string,
  ) {}

  /** `program`: the command line; if left out, over the toy science. */
  static async open(program?: string): Promise<Lab> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-engine-"));
    await mkdir(path.join(folder, "toy"));
    return new Lab(folder, program ?? (await toyProgram()));
  }

  get store(): string {
    return path.join(this.folder, "store");
  }

  /** Starts the command line in the lab. */
  start(...args: string[]): Run {
    return this.#startIn(".", args);
  }

  /** The same in a folder of the lab, to its end. */
  runIn(folder: string, ...args: string[]): Promise<Finished> {
    return this.#startIn(folder, args).finished;
  }

  #startIn(folder: string, args: readonly string[]): Run {
    const child = spawn(process.execPath, [this.program, ...args], {
      cwd: path.join(this.folder, folder),
      env: {
        ...process.env,
        TOY: path.join(this.folder, "toy"),
        R4EC_STORE: this.store,
        R4EC_MLFLOW_URI: "off",
        R4EC_GPUS: "none",
        R4EC_CARDS: path.join(this.folder, "cards"),
        HOME: this.folder,
        XDG_CONFIG_HOME: this.folder,
        ...this.environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    const finished = new Promise<Finished>((resolve) => {
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    const run = { child, finished, stderr: () => stderr };
    this.#runs.push(run);
    return run;
  }

  /** Runs the command line to its end. */
  run(...args: string[]): Promise<Finished> {
    return this.start(...args).finished;
  }

  /** Writes a spec of the toy. */
  async spec(text: string, name = "spec.yaml"): Promise<string> {
    await writeFile(path.join(this.folder, name), text);
    return name;
  }

  flag(name: string): void {
    writeFileSync(path.join(this.folder, "toy", name), "");
  }

  unflag(name: string): void {
    rmSync(path.join(this.folder, "toy", name), { force: true });
  }

  /** What the stages said so far, a line each. */
  log(): string[] {
    const file = path.join(this.folder, "toy", "log");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  forgetLog(): void {
    rmSync(path.join(this.folder, "toy", "log"), { force: true });
  }

  /** Waits until the log has a line that begins so, and gives it. */
  async logged(beginning: string): Promise<string> {
    let found: string | undefined;
    await until(() => {
      found = this.log().find((line) => line.startsWith(beginning));
      return found !== undefined;
    }, `the log line "${beginning}"`);
    return found!;
  }

  /** The state of the sweep that changed last. */
  async state(): Promise<SweepState> {
    const [latest] = await listSweeps(this.store);
    const { state } = await readSweep(latest!.folder);
    return state!;
  }

  /** Status by label of the sweep that changed last. */
  async statuses(): Promise<{ [label: string]: string }> {
    const stages = [...(await this.state()).stages.values()];
    return Object.fromEntries(stages.map((stage) => [stage.record.label, stage.status]));
  }

  artifact(fingerprint: Fingerprint | string): string {
    return path.join(this.store, "artifacts", fingerprint.slice(0, 2), fingerprint);
  }

  /** Fingerprint of the stage with this label. */
  async fingerprint(label: string): Promise<Fingerprint> {
    for (const [fingerprint, stage] of (await this.state()).stages) {
      if (stage.record.label === label) return fingerprint;
    }
    throw new Error(`no stage ${label}`);
  }

  output(fingerprint: Fingerprint): Promise<string> {
    return readFile(path.join(this.artifact(fingerprint), "out.txt"), "utf8");
  }

  /** Ends what still runs and removes the folder. */
  async close(): Promise<void> {
    for (const run of this.#runs) run.child.kill("SIGKILL");
    for (const run of this.#runs) await run.finished;
    for (const line of this.log()) {
      const pid = /^holding .* (\d+)$/.exec(line)?.[1];
      if (pid !== undefined) await until(() => !alive(Number(pid)), `worker ${pid} to leave`);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether a process runs (a zombie does not). */
export function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits for a condition; fails with `what` after half a minute. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Pid in a `holding` line of the log. */
export const pidIn = (line: string): number => Number(/(\d+)$/.exec(line)![1]);
