import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { hostIdentity, identityOf, isAlive } from "../../../src/base/process.js";
import { canonicalJson, type Json } from "../../../src/base/json.js";
import { llmEnvironment } from "../python/environment.js";
import { startServed, type Served, type ServedTask, type ServerOptions } from "./served.js";
import { listedModel } from "./until-up.js";

/*
 * Servers that stay between the stages of one worker process, since the next stage often asks for the same
 * one. They end with the worker, however that ends.
 */

/** So long a server waits for the next stage that asks for it. */
const REST_MILLISECONDS = 60_000;

/** A server, and what tells it from others. */
export interface KeptOptions extends ServerOptions {
  /** All that decides how the server answers; the environment and the cards are added. */
  readonly identity: Json;
  /** Whether it gives a card's memory back while nobody asks, all but the model's. */
  readonly yields: boolean;
  /** What it is for. One for each purpose stays, where both yield. */
  readonly purpose: "text" | "vectors";
}

/** What decides whether a server stays while another one works. */
type Traits = Pick<KeptOptions, "yields" | "purpose">;

/** A server in the hands of a stage. `close` leaves it for the next stage. */
export interface KeptServer extends Served {
  /** Ends it: for a stage that could not work with it. */
  end(): Promise<void>;
}

interface Kept extends Traits {
  readonly served: Promise<Served>;
  readonly folder: string;
  users: number;
  rest: NodeJS.Timeout | undefined;
}

const kept = new Map<string, Kept>();

/**
 * The server that a stage asks for: the one of the stage before it where that is the same, else a new one;
 * others that rest are ended first, unless both yield and have different purposes. Rejects as {@link startServed} does.
 */
export async function keptServer(task: ServedTask, options: KeptOptions): Promise<KeptServer> {
  const { gpus, threads } = task.resources;
  const key = canonicalJson([options.identity, llmEnvironment(task), [...gpus], threads]);
  const stays = (one: Traits) => one.yields && options.yields && one.purpose !== options.purpose;
  await endKeptServers((one, other) => other !== key && !stays(one));
  const before = kept.get(key);
  if (before !== undefined && !(await answers(before))) await end(key);
  const one = kept.get(key) ?? (await begin(task, options, key));
  clearTimeout(one.rest);
  one.users += 1;
  try {
    const served = await one.served;
    if (before === one) task.emit({ type: "facts", values: served.facts });
    let open = true;
    const release = (): void => {
      if (!open) return;
      open = false;
      one.users -= 1;
      if (one.users > 0) return;
      one.rest = setTimeout(() => void end(key, one), REST_MILLISECONDS).unref();
    };
    return {
      ...served,
      close: () => Promise.resolve(release()),
      end: async () => {
        release();
        await end(key, one);
      },
    };
  } catch (error) {
    // Its folder stays: it has the server's last words.
    if (kept.get(key) === one) kept.delete(key);
    throw error;
  }
}

/**
 * Ends servers that rest: for a stage that is about to need their memory.
 *
 * @param which says of a server whether it is meant
 */
export async function endKeptServers(
  which: (one: Traits, key: string) => boolean = () => true,
): Promise<void> {
  const resting = [...kept].filter(([key, one]) => one.users === 0 && which(one, key));
  await Promise.all(resting.map(([key, one]) => end(key, one)));
}

async function begin(task: ServedTask, options: KeptOptions, key: string): Promise<Kept> {
  await clearAway();
  const folder = await mkdtemp(path.join(tmpdir(), `${FOLDERS}${process.pid}-`));
  const working = path.join(folder, "server");
  await mkdir(working);
  const { resources, toolchain, stop } = task;
  const own: ServedTask = {
    ...{ resources, toolchain, stop },
    // It is no process of the stage's own, which end with the stage.
    fingerprint: `server-${randomUUID()}` as Fingerprint,
    work: folder,
    emit: (event) => task.emit(event),
  };
  const { yields, purpose } = options;
  const served = startServed(own, options, working);
  const one: Kept = { served, yields, purpose, folder, users: 0, rest: undefined };
  kept.set(key, one);
  return one;
}

/** Begin of the names of folders of servers, those of this machine since its start. */
const FOLDERS = `r4ec-server-${createHash("sha256").update(hostIdentity()).digest("hex").slice(0, 8)}-`;

/** Removes folders of processes that were killed: nobody else does. */
async function clearAway(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(FOLDERS) ? parseInt(name.slice(FOLDERS.length), 10) : NaN;
    if (Number.isNaN(pid) || isAlive({ ...identityOf(), pid, start: null }) !== false) continue;
    await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function answers({ served }: Kept): Promise<boolean> {
  const { baseUrl, gone } = await served;
  return !gone.aborted && (await listedModel(baseUrl)) !== null;
}

async function end(key: string, one = kept.get(key)): Promise<void> {
  if (one === undefined || kept.get(key) !== one) return;
  clearTimeout(one.rest);
  kept.delete(key);
  await (await one.served).close();
  await rm(one.folder, { recursive: true, force: true });
}
