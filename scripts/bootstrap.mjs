#!/usr/bin/env node
// Makes a fresh clone runnable and then runs something in it: installs the npm packages where they
// are missing or another lock file asks for others, compiles where dist/ is older than its sources,
// and hands over. Plain Node without dependencies, since it runs before there are any. npm runs no
// pre- and post-scripts here (.npmrc), so the scripts of package.json call this.
//
//   node scripts/bootstrap.mjs cli ARGS...        the r4ec command line
//   node scripts/bootstrap.mjs tool NAME ARGS...  a program of node_modules/.bin
//   node scripts/bootstrap.mjs node FILE ARGS...  a compiled file
//   node scripts/bootstrap.mjs                    nothing more
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";
import { CHECK_FAILED, ENVIRONMENT } from "./exit-status.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(root, ...parts);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const PACKAGES_STAMP = at("node_modules", ".r4ec-packages.json");
const COMPILED_STAMP = at("dist", ".r4ec-compiled.json");
const SOURCE_FOLDERS = ["src", "runners", "bench"];
const OLDEST_NODE = [20, 19, 0];

/** A failure whose message is all that a user needs. */
class SetupFailure extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Installs the npm packages unless those of package-lock.json are there. */
export async function installPackages(say) {
  const lock = await readFile(at("package-lock.json"), "utf8");
  const wanted = sha256(lock);
  if (readStamp(PACKAGES_STAMP)?.key === wanted) return;
  if (!packagesMatch(JSON.parse(lock))) {
    if (process.env.R4EC_OFFLINE === "1") {
      throw new SetupFailure(
        "the npm packages are missing and R4EC_OFFLINE=1: run npm ci",
        ENVIRONMENT,
      );
    }
    const { command, first } = npm();
    const status = await runWithClock("npm packages", "usually 10 to 60 s", say, command, [
      ...first,
      ...["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    ]);
    if (status !== 0)
      throw new SetupFailure("npm ci failed; what it printed is above", ENVIRONMENT);
  }
  await writeStamp(PACKAGES_STAMP, { key: wanted });
}

/** npm as the one that started us, else the one on PATH. */
function npm() {
  const program = process.env.npm_execpath;
  return program?.endsWith("npm-cli.js")
    ? { command: process.execPath, first: [program] }
    : { command: process.platform === "win32" ? "npm.cmd" : "npm", first: [] };
}

/**
 * Whether the installed packages are those of package-lock.json; null where there is no such file: npm
 * leaves it out of a package, and has itself installed what package.json asks for.
 */
export function packagesAreThere() {
  const lock = at("package-lock.json");
  return existsSync(lock) ? packagesMatch(JSON.parse(readFileSync(lock, "utf8"))) : null;
}

/** True where npm itself noted, as its last act, that just these packages are installed. */
function packagesMatch(lock) {
  let noted;
  try {
    noted = JSON.parse(readFileSync(at("node_modules", ".package-lock.json"), "utf8"));
  } catch {
    return false;
  }
  return Object.entries(lock.packages)
    .filter(([place]) => place !== "")
    .every(([place, wanted]) => {
      const there = noted.packages[place];
      return there === undefined ? wanted.optional === true : there.version === wanted.version;
    });
}

/**
 * Compiles unless dist/ was made from the sources as they are. Types are the business of npm run types: to
 * check them takes three times as long, and the packages that only hold types are not there in a package.
 */
export async function compile(say) {
  const wanted = sourcesKey();
  const before = readStamp(COMPILED_STAMP);
  if (isSame(before, wanted)) return;
  await rm(COMPILED_STAMP, { force: true });
  // tsc leaves files as another setting or another tsc has written them, where only those have changed.
  if (before?.settings !== wanted.settings) await rm(at("dist", ".tsbuildinfo"), { force: true });
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const status = await runWithClock("compiling", "usually 3 to 10 s", say, process.execPath, [
    compiler,
    ...["-p", at("tsconfig.build.json"), "--pretty", "false"],
  ]);
  if (status !== 0)
    throw new SetupFailure("tsc found errors; what it printed is above", CHECK_FAILED);
  await bundle();
  await writeStamp(COMPILED_STAMP, wanted);
}

/**
 * What dist/ is made from, by names, sizes and times: `key` changes with the sources, `settings` with the compiler and
 * its settings.
 */
function sourcesKey() {
  const seen = [];
  const noteTo = (list) => (file) => {
    const info = statSync(at(file), { throwIfNoEntry: false });
    list.push(`${file} ${info?.size} ${info?.mtimeMs}`);
  };
  const note = noteTo(seen);
  const walk = (folder) => {
    for (const entry of readdirSync(at(folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else if (entry.name.endsWith(".ts")) note(name);
    }
  };
  for (const folder of SOURCE_FOLDERS) if (existsSync(at(folder))) walk(folder);
  const settings = [];
  const config = ["tsconfig.json", "tsconfig.build.json", "package.json", "scripts/bundle.mjs"];
  const programs = ["typescript", "esbuild"].map((name) => `node_modules/${name}/package.json`);
  for (const file of [...config, ...programs]) noteTo(settings)(file);
  return { key: sha256(seen.sort().join("\n")), settings: sha256(settings.join("\n")) };
}

const isSame = (stamp, wanted) => stamp?.key === wanted.key && stamp.settings === wanted.settings;

function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

async function writeStamp(file, stamp) {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify(stamp));
  await rename(`${file}.${process.pid}`, file);
}

/** Runs a program, its output shown once it fails; meanwhile the seconds are counted. */
async function runWithClock(what, usual, say, command, args) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const live = process.stderr.isTTY === true;
  say(`${what}: ${usual}`);
  const clock = setInterval(
    () => {
      if (live) process.stderr.write(`\r${what}: ${seconds()} s (${usual}) `);
      else say(`${what}: ${seconds()} s so far (${usual})`);
    },
    live ? 500 : 10_000,
  );
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const output = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  try {
    const status = await ended(child);
    if (live) process.stderr.write("\r\u001b[2K");
    if (status !== 0) process.stderr.write(Buffer.concat(output));
    else say(`${what}: done in ${seconds()} s`);
    return status;
  } finally {
    clearInterval(clock);
  }
}

/** Exit status of a child, as a shell gives it. */
function ended(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** One process at a time installs or compiles; a lock whose process is gone is taken over. */
async function alone(work) {
  const file = at(".r4ec", "bootstrap.lock");
  await mkdir(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const holder = Number(await readFile(file, "utf8").catch(() => "0"));
      if (holder > 0 && !isRunning(holder)) await rm(file, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function prepare(say) {
  if (
    readStamp(PACKAGES_STAMP)?.key === sha256(readFileSync(at("package-lock.json"), "utf8")) &&
    isSame(readStamp(COMPILED_STAMP), sourcesKey())
  ) {
    return;
  }
  await alone(async () => {
    await installPackages(say);
    await compile(say);
  });
}

/** Compiles where nothing was compiled yet; false, with a message, where that fails. */
export const compileOnly = () => ends((say) => alone(() => compile(say)));

/** Does some work; false, with a message and the exit status set, where it fails as the user may mend. */
async function ends(work) {
  const say = (text) => process.stderr.write(`r4ec: ${text}\n`);
  try {
    checkNode();
    await work(say);
    return true;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    say(error.message);
    process.exitCode = error.status;
    return false;
  }
}

/** Fails early, and in words, where Node is too old. */
function checkNode() {
  const here = process.versions.node.split(".").map(Number);
  const difference = here.map((part, index) => part - OLDEST_NODE[index]).find((d) => d !== 0) ?? 0;
  if (difference < 0) {
    throw new SetupFailure(
      `Node ${OLDEST_NODE.join(".")} or newer is needed; this is ${process.version}`,
      ENVIRONMENT,
    );
  }
}

async function hand(verb, args) {
  if (verb === undefined) return;
  if (verb === "cli") {
    process.argv = [process.argv[0], at("bin", "r4ec.js"), ...args];
    await import(pathToFileURL(at("bin", "r4ec.js")).href);
    return;
  }
  const [name, ...rest] = args;
  const program = verb === "tool" ? toolProgram(name) : at("dist", name);
  const child = spawn(process.execPath, [program, ...rest], { stdio: "inherit" });
  // The terminal sends Ctrl-C to the child as well; it decides what that means.
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      if (signal === "SIGTERM") child.kill(signal);
    });
  }
  process.exitCode = await ended(child);
}

/** The JavaScript file behind a program of node_modules/.bin. */
const toolProgram = (name) => realpathSync(at("node_modules", ".bin", name));

async function main() {
  const [verb, ...args] = process.argv.slice(2);
  await ends(async (say) => {
    await prepare(say);
    await hand(verb, args);
  });
}

// Not awaited here: what the command line does may import this file, and an import waits until a file
// has run to its end. Node ends silently where two wait for each other.
if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  void main();
}
