import { execa } from "execa";
import { readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostIdentity, identityOf, isAlive, processesOfTree } from "../../../src/base/process.js";
import { localServerStatus, stopServer } from "../../../src/tracking/index.js";
import type { ServerState } from "../../../src/tracking/server-process.js";
import { readServerState, stateFile } from "../../../src/tracking/server-process.js";
import { INSTALL_TIMEOUT, testTrackingEnvironment } from "../../support/toolchain.js";
import { temporaryFolder } from "./support.js";
import { R4EC } from "../../support/command-line.js";

let store: string;

const r4ec = async (...args: string[]): Promise<{ exitCode?: number; stdout: string }> => {
  const { exitCode, stdout } = await execa(process.execPath, [R4EC, ...args, "--store", store], {
    reject: false,
    env: { OPENAI_API_KEY: "sk-secret", MLFLOW_TRACKING_URI: "http://elsewhere:1" },
  });
  return { ...(exitCode === undefined ? {} : { exitCode }), stdout };
};

interface Status {
  running: boolean;
  healthy: boolean;
  url: string | null;
  pid: number | null;
}
const json = (text: string): Status => JSON.parse(text) as Status;

beforeAll(async () => {
  await testTrackingEnvironment();
  store = await temporaryFolder("server");
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await stopServer(store);
  await rm(store, { recursive: true, force: true });
});

// One story: a server's start takes many seconds, so that each test goes on from the one before.
describe("the local server", () => {
  let first: Status;

  test("is not there to begin with", async () => {
    expect(json((await r4ec("mlflow", "status", "--json")).stdout)).toMatchObject({
      running: false,
    });
    expect((await r4ec("mlflow", "stop")).stdout).toBe("it was not running");
  }, 60_000);

  test("is started once by two at a time, and outlives them", async () => {
    const [a, b] = await Promise.all([
      r4ec("mlflow", "start", "--json"),
      r4ec("mlflow", "start", "--json"),
    ]);
    expect([a.exitCode, b.exitCode]).toEqual([0, 0]);
    first = json(a.stdout);
    expect(json(b.stdout)).toEqual(first);
    expect(first).toMatchObject({ running: true, healthy: true });
    const answer = await fetch(`${first.url}/health`);
    expect(await answer.text()).toBe("OK");
  }, 240_000);

  test("runs its two processes and no jobs, with none of our secrets", async () => {
    const { tree } = (await readServerState(store))!;
    const pids = processesOfTree(tree);
    expect(pids).toHaveLength(2);
    for (const pid of pids) {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8");
      expect(environment).not.toMatch(/sk-secret|elsewhere/);
    }
  });

  test("listens on this machine alone", async () => {
    const port = Number(new URL(first.url!).port);
    const addresses = Object.values(os.networkInterfaces())
      .flat()
      .flatMap((one) =>
        one !== undefined && one.family === "IPv4" && !one.internal ? [one.address] : [],
      );
    for (const address of ["127.0.0.2", ...addresses]) {
      const outcome = await new Promise((resolve) => {
        const socket = net.connect({ port, host: address }, () => resolve("connected"));
        socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      expect(outcome, address).toBe("ECONNREFUSED");
    }
  });

  test("killed with -9 leaves an orphan that serves; the next start ends it and takes its port", async () => {
    const { tree } = (await readServerState(store))!;
    const orphans = processesOfTree(tree).filter((pid) => pid !== first.pid);
    process.kill(first.pid!, "SIGKILL");
    await expect.poll(() => isAliveNow(first.pid!), { timeout: 10_000 }).toBe(false);
    expect(orphans.filter(isAliveNow)).toEqual(orphans);
    const next = json((await r4ec("mlflow", "start", "--json")).stdout);
    expect(next).toMatchObject({ healthy: true, url: first.url });
    expect(next.pid).not.toBe(first.pid);
    expect(orphans.filter(isAliveNow)).toEqual([]);
    first = next;
  }, 240_000);

  test("is ended by stop, with all its processes, and its port is free", async () => {
    const { tree } = (await readServerState(store))!;
    expect((await r4ec("mlflow", "stop")).stdout).toBe("stopped");
    expect(processesOfTree(tree)).toEqual([]);
    expect(await localServerStatus(store)).toMatchObject({ running: false, url: null });
    const port = Number(new URL(first.url!).port);
    await new Promise<void>((resolve, reject) => {
      const listener = net.createServer().once("error", reject);
      listener.listen(port, "127.0.0.1", () => listener.close(() => resolve()));
    });
  }, 60_000);

  test("whose number another process has now is not mistaken for it, nor is that one harmed", async () => {
    const other = execa("sleep", ["60"], { reject: false });
    const state: ServerState = {
      pid: other.pid!,
      start: "1",
      host: hostIdentity(),
      port: 5610,
      tree: "mlflow-test-of-a-stale-state",
      startedAt: 1,
      python: "python",
    };
    await writeFile(stateFile(store), JSON.stringify(state));
    expect(await localServerStatus(store)).toMatchObject({ running: false });
    expect(await stopServer(store)).toBe(false);
    expect(isAliveNow(other.pid!)).toBe(true);
    other.kill();
    await other;
    await writeFile(stateFile(store), "not JSON");
    expect(await localServerStatus(store)).toMatchObject({ running: false });
  });
});

function isAliveNow(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie answers signals too.
  return isAlive(identityOf(pid)) === true;
}
