import { execa } from "execa";
import net from "node:net";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { request } from "undici";
import { isErrno, writeDurable } from "../store/index.js";
import type { ProcessIdentity } from "../base/process.js";

/** What the local server's state file says. */
export interface ServerState extends ProcessIdentity {
  readonly port: number;
  /** Mark of its process tree. */
  readonly tree: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly python: string;
  /** The secret by which the server proves what it is; the state of an older version has none. */
  readonly nonce?: string;
}

export const serverFolder = (store: string): string => path.join(store, "mlflow");
export const stateFile = (store: string): string => path.join(serverFolder(store), "server.json");
/** The port of the store's server, kept when it ends: links to its pages stay good. */
export const portFile = (store: string): string => path.join(serverFolder(store), "port");
export const logFile = (store: string): string => path.join(serverFolder(store), "server.log");
export const serverUrl = (port: number): string => `http://127.0.0.1:${port}`;

/** The kept state; null where there is none or it is damaged. */
export async function readServerState(store: string): Promise<ServerState | null> {
  try {
    const state = JSON.parse(await readFile(stateFile(store), "utf8")) as ServerState;
    return Number.isSafeInteger(state.pid) && Number.isSafeInteger(state.port) ? state : null;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The port that the store's server had last; null where none is known. */
export async function lastPort(store: string): Promise<number | null> {
  const text = await readFile(portFile(store), "utf8").catch(() => "");
  return /^[1-9][0-9]{0,4}\n$/.test(text) ? Number(text) : null;
}

/** Where a server's nonce lies among the artifacts that it serves. */
const NONCE = "r4ec-server";

/**
 * Writes the nonce of a server that is to start into the folder of artifacts that it will serve.
 * Only a server of this store can give it back.
 */
export async function placeNonce(store: string, nonce: string): Promise<void> {
  await writeDurable(path.join(serverFolder(store), "artifacts", NONCE), nonce);
}

/**
 * True where the server that was started with `state` answers at its port. Any MLflow server answers
 * `/health`, one of another store's too: this one gives back its nonce.
 */
export async function isOurs(
  state: Pick<ServerState, "port" | "nonce">,
  timeout = 3000,
): Promise<boolean> {
  if (state.nonce === undefined) return false;
  const ask = async (place: string): Promise<string | null> => {
    const answer = await request(serverUrl(state.port) + place, {
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: AbortSignal.timeout(timeout),
      // A connection that was kept from before may lead to a server that has ended since.
      reset: true,
    });
    const text = await answer.body.text();
    return answer.statusCode === 200 ? text.trim() : null;
  };
  try {
    if ((await ask("/health")) !== "OK") return false;
    return (await ask(`/api/2.0/mlflow-artifacts/artifacts/${NONCE}`)) === state.nonce;
  } catch {
    return false;
  }
}

const FIRST_PORT = 5610;
const LAST_PORT = 5699;

/** A port that nobody listens on: the one wished for, so that links stay good, or one near it. */
export async function freePort(wished: number | null, tried: ReadonlySet<number>): Promise<number> {
  const candidates = wished === null ? [] : [wished];
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) candidates.push(port);
  for (const port of [...candidates, 0]) {
    if (port !== 0 && tried.has(port)) continue;
    const got = await tryPort(port);
    if (got !== null) return got;
  }
  throw new Error("no free port on 127.0.0.1");
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(null));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const bound = (server.address() as net.AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}

/** Pids of the processes of a process group; the group outlives its leader. */
export async function groupMembers(group: number): Promise<number[]> {
  const { stdout } = await execa("ps", ["-A", "-o", "pid=,pgid=,stat="], { reject: false });
  return String(stdout ?? "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, pgid, state]) => Number(pgid) === group && state?.startsWith("Z") !== true)
    .map(([pid]) => Number(pid));
}
