import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { open, readFile, readlink, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExitCode, UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import {
  hostName,
  killTree,
  makeFolder,
  TREE_VARIABLE,
  waitForLock,
  writeDurable,
} from "../store/index.js";
import { hostIdentity, identityOf, isAlive, processesOfTree } from "../base/process.js";
import type { PythonEnvironment } from "../toolchain/index.js";
import type { ServerState } from "./server-process.js";
import {
  freePort,
  groupMembers,
  isOurs,
  lastPort,
  logFile,
  placeNonce,
  portFile,
  readServerState,
  serverFolder,
  serverUrl,
  stateFile,
} from "./server-process.js";

/** What is known of the local server. */
export interface ServerStatus {
  readonly running: boolean;
  readonly healthy: boolean;
  readonly url: string | null;
  readonly pid: number | null;
  readonly startedAt: number | null;
  readonly folder: string;
  readonly log: string;
}

/** Ports that a start tries before it gives up. */
const MOST_PORTS = 8;

const lockFile = (store: string): string => path.join(serverFolder(store), "server.lock");

/** How long a server may take to answer, milliseconds: its first start compiles and makes tables. */
const START_PATIENCE = 180_000;

/**
 * The kept state of this store's own server. A copy of a store holds the state of the other one's
 * server, nonce and all: that server works in the other store's folder and is none of ours. The
 * server of a store that was moved works in the folder that we have now.
 */
async function ownState(store: string): Promise<ServerState | null> {
  const state = await readServerState(store);
  if (state === null || state.tree === treeOf(store) || isAlive(state) !== true) return state;
  const ours = await realpath(serverFolder(store)).catch(() => null);
  const its = await readlink(`/proc/${state.pid}/cwd`).catch(() => null);
  // Without /proc nobody can tell: then it is left alone.
  return ours !== null && its === ours ? state : null;
}

/** Whether the store's local server runs. Changes nothing. */
export async function localServerStatus(store: string): Promise<ServerStatus> {
  const state = await ownState(store);
  const here = { folder: serverFolder(store), log: logFile(store) };
  if (state === null || isAlive(state) !== true) {
    return { running: false, healthy: false, url: null, pid: null, startedAt: null, ...here };
  }
  const { pid, port, startedAt } = state;
  const healthy = await isOurs(state);
  return { running: true, healthy, url: serverUrl(port), pid, startedAt, ...here };
}

/** True where the server of this store answers at `url` now. */
export async function servesStore(store: string, url: string): Promise<boolean> {
  const { healthy, url: now } = await localServerStatus(store);
  return healthy && now === url;
}

/** The address of the local server if it runs and answers; null otherwise. Starts nothing. */
export async function runningServer(store: string): Promise<string | null> {
  const { healthy, url } = await localServerStatus(store);
  return healthy ? url : null;
}

/**
 * The address of the store's own server, started where it does not run. It is a daemon: it outlives
 * this process and every sweep. Any number of processes may ask at once; one starts it. A signal
 * ends the waiting, not the server.
 */
export async function ensureServer(
  store: string,
  environment: () => Promise<Result<PythonEnvironment, UserError>>,
  signal?: AbortSignal,
): Promise<Result<string, UserError>> {
  const running = await runningServer(store);
  if (running !== null) return ok(running);
  // Installing may take minutes and has a lock of its own.
  const python = await environment();
  if (!python.ok) return python;
  const lock = await waitForLock(lockFile(store), "starting MLflow");
  try {
    const since = await runningServer(store);
    if (since !== null) return ok(since);
    const state = await ownState(store);
    if (state !== null && isAlive(state) === null && state.host !== hostIdentity()) {
      if (hostName(state.host) !== hostName(hostIdentity())) return err(elsewhere(state));
    }
    // A server that an older version started has no nonce and cannot prove what it is: it is
    // restarted.
    if (state?.nonce !== undefined && isAlive(state) === true) {
      // Another process may just have started it: wait for it before it counts as broken.
      const outcome = await answering(store, state, signal);
      if (outcome.ok) return ok(serverUrl(state.port));
      if (signal?.aborted === true) return err(failedStart(store, outcome.error));
    }
    if (state !== null) await endServer(state);
    return await start(store, python.value, state?.port ?? (await lastPort(store)), signal);
  } finally {
    await lock.release();
  }
}

const elsewhere = (state: ServerState): UserError =>
  new UserError(
    `this store's MLflow server was started on another machine (${hostName(state.host)}), and two servers must not share one database`,
    {
      exitCode: ExitCode.environment,
      hint: "stop it there with `r4ec mlflow stop`; if that machine is gone, run the same command here: then r4ec forgets that server",
    },
  );

async function start(
  store: string,
  python: PythonEnvironment,
  wished: number | null,
  signal: AbortSignal | undefined,
): Promise<Result<string, UserError>> {
  const folder = serverFolder(store);
  await makeFolder(path.join(folder, "artifacts"));
  const tree = treeOf(store);
  // Orphans of a server whose state file was lost hold the database and a port.
  killTree(tree, "SIGKILL");
  const tried = new Set<number>();
  for (;;) {
    const port = await freePort(wished, tried);
    tried.add(port);
    const outcome = await launch(store, python, port, tree, signal);
    if (outcome.ok) {
      await writeDurable(portFile(store), `${port}\n`);
      return ok(serverUrl(port));
    }
    // Somebody took the port between our look and the server's start: another store's server does
    // where both start at the same moment.
    const taken = /address already in use|Errno (98|48)/i.test(outcome.error);
    if (taken && tried.size < MOST_PORTS) continue;
    return err(failedStart(store, outcome.error));
  }
}

const failedStart = (store: string, reason: string): UserError =>
  new UserError(`the local MLflow server does not start: ${reason}`, {
    exitCode: ExitCode.environment,
    hint: `its log is ${logFile(store)}`,
  });

async function launch(
  store: string,
  python: PythonEnvironment,
  port: number,
  tree: string,
  signal: AbortSignal | undefined,
): Promise<Result<void, string>> {
  const folder = serverFolder(store);
  const nonce = randomBytes(16).toString("hex");
  await placeNonce(store, nonce);
  const log = await open(logFile(store), "w");
  // Node's own spawn: a daemon that outlives us is what execa is made to prevent.
  const child = spawn(path.join(python.programs, "mlflow"), serverArguments(folder, port), {
    cwd: folder,
    env: serverVariables(python, tree),
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  const failure = await new Promise<Error | null>((resolve) => {
    child.once("spawn", () => resolve(null));
    child.once("error", resolve);
  });
  await log.close();
  if (failure !== null || child.pid === undefined) {
    return err(`the program mlflow cannot be run (${failure?.message ?? "no process"})`);
  }
  child.unref();
  const state: ServerState = {
    ...identityOf(child.pid),
    port,
    tree,
    startedAt: Date.now(),
    python: python.python,
    nonce,
  };
  await writeDurable(stateFile(store), `${JSON.stringify(state)}\n`);
  return answering(store, state, signal);
}

/** Waits until a server that was started answers; one that does not is ended. */
async function answering(
  store: string,
  state: ServerState,
  signal: AbortSignal | undefined,
): Promise<Result<void, string>> {
  for (;;) {
    if (await isOurs(state, 1000)) return ok(undefined);
    if (signal?.aborted === true) return err("it is still starting");
    const dead = isAlive(state) !== true;
    if (!dead && Date.now() < state.startedAt + START_PATIENCE) {
      await sleep(200);
      continue;
    }
    const reason = dead ? await lastLines(store) : `no answer in ${START_PATIENCE / 1000} s`;
    await endServer(state);
    await rm(stateFile(store), { force: true });
    return err(reason);
  }
}

const serverArguments = (folder: string, port: number): string[] => [
  "server",
  "--host",
  "127.0.0.1",
  "--port",
  String(port),
  "--workers",
  "1",
  "--backend-store-uri",
  `sqlite:///${path.join(folder, "mlflow.db")}`,
  "--artifacts-destination",
  path.join(folder, "artifacts"),
];

// Only what a Python program needs: no keys, no tokens, none of the caller's MLflow settings.
const PASSED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|LD_LIBRARY_PATH)$/;

function serverVariables(python: PythonEnvironment, tree: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (PASSED.test(name) && value !== undefined) variables[name] = value;
  }
  return {
    ...variables,
    ...python.environment,
    PYTHONUNBUFFERED: "1",
    // Eight more processes and 2 GB otherwise.
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    MLFLOW_DISABLE_TELEMETRY: "true",
    [TREE_VARIABLE]: tree,
  };
}

const treeOf = (store: string): string =>
  `mlflow-${createHash("sha256").update(path.resolve(store)).digest("hex").slice(0, 16)}`;

async function lastLines(store: string): Promise<string> {
  const text = await readFile(logFile(store), "utf8").catch(() => "");
  const lines = text.trim().split("\n").slice(-5).join("\n");
  return lines === "" ? "it ended without any output" : lines;
}

/** Ends the server and whatever it left behind (kill -9 of its launcher orphans the part that serves). */
async function endServer(state: ServerState): Promise<void> {
  const alive = isAlive(state);
  if (alive === null) return;
  const left = async (): Promise<boolean> => {
    if (isAlive(state) === true || processesOfTree(state.tree).length > 0) return true;
    // Without /proc the process group is what tells; its number is the launcher's pid.
    return state.start === null && (await groupMembers(state.pid)).length > 0;
  };
  if (!(await left())) return;
  if (alive) signal(state.pid, "SIGTERM");
  else killTree(state.tree, "SIGTERM");
  for (let waited = 0; waited < 10_000 && (await left()); waited += 100) await sleep(100);
  killTree(state.tree, "SIGKILL");
  if (isAlive(state) === true || state.start === null) signal(-state.pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/** Ends the store's local server. False where none ran. */
export async function stopServer(store: string): Promise<boolean> {
  const lock = await waitForLock(lockFile(store), "stopping MLflow");
  try {
    const state = await ownState(store);
    const ran = state !== null && isAlive(state) === true;
    if (state !== null) await endServer(state);
    const orphans = killTree(treeOf(store), "SIGTERM");
    await rm(stateFile(store), { force: true });
    return ran || orphans > 0;
  } finally {
    await lock.release();
  }
}
