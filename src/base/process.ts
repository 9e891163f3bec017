import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** Who a process is, so that another process can tell later whether it still runs. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the kernel tells it; null where the system does not say. */
  readonly start: string | null;
  /**
   * Name of the machine, its boot, process namespace and machine id, as far as the system tells:
   * pids can be compared only where all are equal.
   */
  readonly host: string;
}

let host: string | undefined;

/** Name of this machine, its boot, its process namespace and its machine id. */
export function hostIdentity(): string {
  if (host === undefined) {
    const boot = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    const namespace = attempt(() => readlinkSync("/proc/self/ns/pid"));
    const machine = attempt(() => readFileSync("/etc/machine-id", "utf8").trim()) || null;
    host = [os.hostname(), boot, namespace, machine].filter((part) => part !== null).join(" ");
  }
  return host;
}

/** The host's name alone, for people. */
export const hostName = (identity: string): string => identity.split(" ")[0] ?? identity;

/**
 * True where both identities are of the same machine, but of different boots: the machine was
 * restarted between them. The name alone does not identify a machine: several containers with one
 * name may run at the same time.
 */
export function rebooted(one: string, other: string): boolean {
  const [a, b] = [hostParts(one), hostParts(other)];
  if (a.name !== b.name || a.machine === null || a.machine !== b.machine) return false;
  return a.boot !== null && b.boot !== null && a.boot !== b.boot;
}

/** The parts of {@link hostIdentity}; null where the system did not say one. */
export const hostParts = (
  identity: string,
): { name: string; boot: string | null; namespace: string | null; machine: string | null } => ({
  name: hostName(identity),
  boot: / ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?: |$)/.exec(identity)?.[1] ?? null,
  namespace: / (pid:\S+)/.exec(identity)?.[1] ?? null,
  machine: / ([0-9a-f]{32})$/.exec(identity)?.[1] ?? null,
});

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Start time of a process, its parent and whether it is a zombie; null where there is no such process. */
function look(pid: number): { start: string; parent: number; zombie: boolean } | null {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (text === null) return null;
  // The second field is the command in parentheses, which may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const zombie = fields[0] === "Z" || fields[0] === "X";
  return { start: fields[19] ?? "", parent: Number(fields[1] ?? 0), zombie };
}

let own: ProcessIdentity | undefined;

/** Identity of a process of this machine, this one by default. */
export function identityOf(pid: number = process.pid): ProcessIdentity {
  if (own?.pid === pid) return own;
  const identity = { pid, start: look(pid)?.start ?? null, host: hostIdentity() };
  if (pid === process.pid) own = identity;
  return identity;
}

/** Whether a process still runs; null where it lives on another machine and cannot be asked. */
export function isAlive(identity: ProcessIdentity): boolean | null {
  if (identity.host !== hostIdentity()) {
    // No process outlives its machine's boot.
    return rebooted(identity.host, hostIdentity()) ? false : null;
  }
  const seen = look(identity.pid);
  if (seen !== null)
    return !seen.zombie && (identity.start === null || seen.start === identity.start);
  if (look(process.pid) !== null) return false;
  // No /proc here: ask by a signal that does nothing.
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A process, its parent, that one's parent and so on; none where there is no such process here. */
export function lineOf(pid: number): number[] {
  const line: number[] = [];
  for (let seen = look(pid); seen !== null && !line.includes(pid); seen = look(pid)) {
    line.push(pid);
    pid = seen.parent;
  }
  return line;
}

/** Environment variable that every process of one worker's tree carries. */
export const TREE_VARIABLE = "R4EC_PROCESS_TREE";

/**
 * Pids of all processes whose environment carries this mark: the children and grandchildren of the
 * process that was started with it, also those that began a session of their own or lost their
 * parent.
 *
 * @param variable the environment variable that holds the mark
 */
export function processesOfTree(mark: string, variable: string = TREE_VARIABLE): number[] {
  const wanted = `${variable}=${mark}`;
  const found: number[] = [];
  for (const name of attempt(() => readdirSync("/proc")) ?? []) {
    if (!/^[0-9]+$/.test(name)) continue;
    const environment = attempt(() => readFileSync(`/proc/${name}/environ`, "latin1"));
    if (environment === null || !environment.split("\0").includes(wanted)) continue;
    if (look(Number(name))?.zombie !== true) found.push(Number(name));
  }
  return found;
}

/**
 * How long to wait for a killed process to be gone, in ms. A process that is stuck in the kernel
 * may never go.
 */
const DYING_MS = 2_000;
/**
 * The same for a caller that other work does not wait for. A program on a GPU takes some seconds to
 * end.
 */
const DYING_ASIDE_MS = 5_000;

/**
 * Signals every process of a worker's tree but the one named; gives how many there were. With
 * SIGKILL it returns when they are gone: what they wrote until then is all they will ever write.
 * Synchronous, for use while a process ends.
 */
export function killTree(mark: string, signal: NodeJS.Signals, except?: number): number {
  const met = new Set<number>();
  // A process may start another between the look and the kill: look again until none is left.
  for (const begin = Date.now(); ; pause(2)) {
    const pids = signalTree(mark, signal, TREE_VARIABLE, except);
    for (const pid of pids) met.add(pid);
    if (pids.length === 0 || signal !== "SIGKILL" || Date.now() - begin > DYING_MS) return met.size;
  }
}

/** Like {@link killTree} with SIGKILL, but without blocking this process. */
export async function endTree(mark: string, variable: string): Promise<void> {
  const end = Date.now() + DYING_ASIDE_MS;
  while (signalTree(mark, "SIGKILL", variable, process.pid).length > 0 && Date.now() < end) {
    await sleep(20);
  }
}

/** Signals every process of a tree but one, and gives their pids. */
function signalTree(
  mark: string,
  signal: NodeJS.Signals,
  variable: string,
  except: number | undefined,
): number[] {
  const pids = processesOfTree(mark, variable).filter((pid) => pid !== except);
  for (const pid of pids) attempt(() => process.kill(pid, signal));
  return pids;
}

/** Sleeps without giving way to anything else of this process. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
