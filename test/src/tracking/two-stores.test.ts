import { cp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MlflowClient } from "../../../src/tracking/client.js";
import { addressOf } from "../../../src/tracking/destination.js";
import { ok } from "../../../src/base/result.js";
import { localServerStatus, stopServer } from "../../../src/tracking/index.js";
import { portFile, stateFile } from "../../../src/tracking/server-process.js";
import { INSTALL_TIMEOUT, testTrackingEnvironment } from "../../support/toolchain.js";
import { temporaryFolder } from "./support.js";

const quick = { timeout: 8000, idle: 8000, tries: 2, backoff: 20 };
let one: string;
let other: string;

/** The address of a store's own server, started where it does not run. */
async function started(store: string) {
  const address = await addressOf({ kind: "local" }, store, async () =>
    ok(await testTrackingEnvironment()),
  );
  if (!address.ok) throw address.error;
  return address.value!;
}
const clientOf = async (store: string) => new MlflowClient(await started(store), quick);

/** A port that no server of another test looks for: those look where r4ec begins. */
async function unusedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

beforeAll(async () => {
  await testTrackingEnvironment();
  one = await temporaryFolder("one");
  other = await temporaryFolder("other");
}, INSTALL_TIMEOUT);
afterAll(async () => {
  for (const store of [one, other]) {
    await stopServer(store);
    await rm(store, { recursive: true, force: true });
  }
});

// One story: a server's start takes many seconds.
describe("two stores on one machine", () => {
  let kept: MlflowClient;
  let port: string;

  test("that start their servers at the same moment have one each", async () => {
    // Both wish for the same port, as two stores do that were never used before.
    const [a, b] = await Promise.all([clientOf(one), clientOf(other)]);
    expect(a.address.url).not.toBe(b.address.url);
    await a.createExperiment("only in one", []);
    expect(await b.experiment("only in one")).toBeNull();
    await a.close();
    await b.close();
  }, 240_000);

  test("do not write to each other when one server ends and the other takes its port", async () => {
    await stopServer(one);
    await stopServer(other);
    port = await unusedPort();
    await writeFile(portFile(one), `${port}\n`);
    kept = await clientOf(one);
    expect(new URL(kept.address.url).port).toBe(port);
    await stopServer(one);
    await writeFile(portFile(other), `${port}\n`);
    const stranger = await clientOf(other);
    expect(stranger.address.url).toBe(kept.address.url);
    await expect(kept.createExperiment("a stranger's", [])).rejects.toThrow(
      "this store's server does not answer there",
    );
    expect(await stranger.experiment("a stranger's")).toBeNull();
    await stranger.close();
  }, 240_000);

  test("come back at the port that they had, as soon as it is free", async () => {
    const elsewhere = await clientOf(one);
    expect(new URL(elsewhere.address.url).port).not.toBe(port);
    expect(await elsewhere.experiment("only in one")).not.toBeNull();
    await elsewhere.close();
    const last = new URL(elsewhere.address.url).port;
    await stopServer(one);
    const again = await clientOf(one);
    expect(new URL(again.address.url).port).toBe(last);
    await again.close();
    await kept.close();
  }, 240_000);

  test("of which one is a copy of the other, its server's state and nonce included, have one each", async () => {
    const original = await clientOf(other);
    const folder = await temporaryFolder("copy");
    const copy = path.join(folder, "store");
    await cp(other, copy, { recursive: true });
    try {
      // Neither a look nor a stop in the copy means the original's server.
      expect((await localServerStatus(copy)).running).toBe(false);
      expect(await stopServer(copy)).toBe(false);
      await cp(stateFile(other), stateFile(copy));
      const own = await clientOf(copy);
      expect(own.address.url).not.toBe(original.address.url);
      await own.createExperiment("only in the copy", []);
      expect(await original.experiment("only in the copy")).toBeNull();
      await own.close();
    } finally {
      await stopServer(copy);
      await rm(folder, { recursive: true, force: true });
      await original.close();
    }
  }, 240_000);
});
