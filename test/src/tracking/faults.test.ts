import { describe, expect, test } from "vitest";
import type { TrackingMessage } from "../../../src/tracking/index.js";
import type { ReadRun } from "./support.js";
import {
  expectWholeAt,
  GRID,
  kindOf,
  PAIR,
  readBack,
  Rig,
  smallSweep,
  mlflowForTests,
  networkForTests,
  syncByCommand,
} from "./support.js";

const server = mlflowForTests();
const network = networkForTests(server);

const expectWhole = (experiment: string, rig: Rig): Promise<ReadRun[]> =>
  expectWholeAt(server.url, experiment, rig);
const quick = { patience: { timeout: 8000, idle: 8000, tries: 2, backoff: 20 } };

describe("an outage", () => {
  test("in the middle neither stops the sweep nor loses anything, and is told once", async () => {
    const rig = await Rig.make(smallSweep("outage", PAIR));
    const said: TrackingMessage["type"][] = [];
    const tracker = rig.tracker(network.url, { ...quick, say: ({ type }) => said.push(type) });
    let down = false;
    network.proxy.fault = () => (down ? "refuse" : "pass");
    await rig.open([tracker]);
    await rig.journal.append(rig.started);
    await expect.poll(() => said, { timeout: 10_000 }).toEqual(["connected"]);
    down = true;
    await rig.runAll();
    await rig.journal.close();
    await expect.poll(() => said, { timeout: 10_000 }).toEqual(["connected", "outage"]);
    // It goes on trying. By now its breaths may be as long as they get (30 s).
    const refused = network.proxy.seen.length;
    await expect
      .poll(() => network.proxy.seen.length, { timeout: 45_000 })
      .toBeGreaterThan(refused);
    down = false;
    expect(await tracker.finish(20_000)).toMatchObject({ outcome: "complete", problems: [] });
    expect(said).toEqual(["connected", "outage", "recovered"]);
    await expectWhole("outage", rig);
  }, 150_000);

  test("to the end leaves the rest to sync, which sends it exactly once", async () => {
    const rig = await Rig.make(smallSweep("outage-to-the-end", GRID));
    const tracker = rig.tracker(network.url, quick);
    network.proxy.fault = ({ number }) => (number > 14 ? "hang" : "pass");
    await rig.open([tracker]);
    await rig.runAll();
    await rig.journal.close();
    const began = Date.now();
    const summary = await tracker.finish(1000);
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(summary.outcome).toBe("pending");
    expect(summary.reason).toMatch(/\w/);
    network.proxy.fault = () => "pass";
    const again = rig.tracker(network.url, { ...quick, thorough: true });
    expect(await again.finish(20_000, true)).toMatchObject({ outcome: "complete", problems: [] });
    await expectWhole("outage-to-the-end", rig);
  }, 90_000);

  test("of answers alone makes no run twice", async () => {
    const rig = await Rig.make(smallSweep("lost-answers", GRID));
    const tracker = rig.tracker(network.url, quick);
    let creations = 0;
    // Every other creation of a run happens, and nobody hears of it.
    network.proxy.fault = ({ path }) =>
      path.endsWith("/runs/create") && (creations += 1) % 2 === 1 ? "cut-after" : "pass";
    await rig.open([tracker]);
    await rig.runAll();
    await rig.journal.close();
    expect(await tracker.finish(30_000)).toMatchObject({ outcome: "complete" });
    expect(creations).toBeGreaterThan(3);
    await expectWhole("lost-answers", rig);
  }, 120_000);

  test("of 429 and 503 is waited out", async () => {
    const rig = await Rig.make(smallSweep("busy", PAIR));
    const tracker = rig.tracker(network.url, { patience: { ...quick.patience, tries: 4 } });
    network.proxy.fault = ({ number }) =>
      number % 5 === 0
        ? { status: 503, body: "<html>busy</html>" }
        : number % 7 === 0
          ? { status: 429, headers: { "retry-after": "0" } }
          : "pass";
    await rig.open([tracker]);
    await rig.runAll();
    await rig.journal.close();
    expect(await tracker.finish(30_000)).toMatchObject({ outcome: "complete", problems: [] });
    await expectWhole("busy", rig);
  }, 90_000);
});

test("kill -9 after any request, then sync: everything is there exactly once", async () => {
  const rig = await Rig.make(smallSweep("killed-tracker", GRID));
  await rig.open();
  await rig.runAll();
  await rig.journal.close();
  const sync = () => syncByCommand(rig, network.url);
  // Among others right after the first requests, which make the experiment and the runs.
  for (const last of [2, 3, 4, 6, 9, 14, 22, 37]) {
    const child = sync();
    const from = network.proxy.seen.length;
    network.proxy.fault = ({ number }) => (number - from === last ? "cut-after" : "pass");
    network.proxy.after = ({ number }) => {
      if (number - from === last) child.kill("SIGKILL");
    };
    expect(await child).toMatchObject({ signal: "SIGKILL" });
  }
  network.proxy.fault = () => "pass";
  network.proxy.after = () => undefined;
  const done = await sync();
  expect(done.exitCode, done.stderr).toBe(0);
  await expectWhole("killed-tracker", rig);
}, 180_000);

test("what MLflow drops in silence is noticed and sent again", async () => {
  const rig = await Rig.make(smallSweep("silent-loss", GRID));
  const tracker = rig.tracker(network.url, quick);
  let dropped = 0;
  // The end of every third batch is lost on the way, as when a value of a wrong type stops MLflow.
  network.proxy.fault = ({ path }) =>
    path.endsWith("/runs/log-batch") && (dropped += 1) % 3 === 1
      ? {
          rewrite: (body) => {
            const batch = JSON.parse(body) as Record<string, unknown[]>;
            const cut = (list: unknown[] | undefined): unknown[] =>
              (list ?? []).slice(0, (list?.length ?? 0) > 2 ? -2 : undefined);
            const { params, metrics } = batch;
            return JSON.stringify({ ...batch, params: cut(params), metrics: cut(metrics) });
          },
        }
      : "pass";
  await rig.open([tracker]);
  await rig.runAll();
  await rig.journal.close();
  expect(await tracker.finish(30_000)).toMatchObject({ outcome: "complete", problems: [] });
  expect(dropped).toBeGreaterThan(6);
  await expectWhole("silent-loss", rig);
}, 90_000);

test("what MLflow will not keep however often it is sent is reported, and not called complete", async () => {
  const rig = await Rig.make(smallSweep("never-kept", GRID.slice(0, 1)));
  const tracker = rig.tracker(network.url, quick);
  network.proxy.fault = ({ path }) =>
    path.endsWith("/runs/log-batch")
      ? {
          rewrite: (body) =>
            body
              .replaceAll('{"key":"ctr.mlp","value":"[200,80]"}', "null")
              .replaceAll("null,", "")
              .replaceAll(",null", "")
              .replaceAll("[null]", "[]"),
        }
      : "pass";
  await rig.open([tracker]);
  await rig.runAll();
  await rig.journal.close();
  const summary = await tracker.finish(30_000);
  expect(summary.outcome).toBe("pending");
  // The cell's run and the sweep's.
  expect(summary.reason).toBe("2 runs in MLflow are not as the journal says");
  const problem: unknown = expect.stringMatching(/did not store: ctr.mlp/);
  expect(summary.problems).toEqual([problem, problem]);
}, 60_000);

describe("a server that is no use", () => {
  test.each([
    ["denies access", { status: 401, body: "who are you" }, /denies access/],
    ["is no MLflow", { status: 404, body: "<html>nginx</html>" }, /does not answer as MLflow does/],
    ["talks HTML", { status: 200, body: "<html>hello</html>" }, /does not answer as MLflow does/],
  ])(
    "that %s is named as such, and the sweep ends well",
    async (_, fault, reason) => {
      const rig = await Rig.make(smallSweep("no-use", GRID));
      network.proxy.fault = () => fault;
      const said: TrackingMessage["type"][] = [];
      const tracker = rig.tracker(network.url, { ...quick, say: ({ type }) => said.push(type) });
      await rig.open([tracker]);
      await rig.journal.append(rig.started);
      await rig.journal.close();
      // A sweep that made nothing does not wait for a first answer, however slow the machine is.
      await expect.poll(() => said, { timeout: 20_000 }).toEqual(["outage"]);
      const summary = await tracker.finish(1500);
      expect(summary.outcome).toBe("pending");
      expect(summary.reason).toMatch(reason);
    },
    60_000,
  );

  test("signs in as the address says, and never repeats the password", async () => {
    const rig = await Rig.make(smallSweep("sign-in", PAIR));
    const wanted = `Basic ${Buffer.from("ann:p@ss word").toString("base64")}`;
    const refusal = { status: 403, body: `no: ${wanted}` };
    network.proxy.fault = ({ headers }) => (headers.authorization === wanted ? "pass" : refusal);
    await rig.open();
    await rig.runAll();
    await rig.journal.close();
    const said: TrackingMessage[] = [];
    const wrong = rig.tracker(network.url.replace("//", "//ann:secret-one@"), {
      ...quick,
      say: (message) => said.push(message),
    });
    await expect.poll(() => said, { timeout: 20_000 }).toMatchObject([{ type: "outage" }]);
    const summary = await wrong.finish(1500);
    expect(JSON.stringify([said, summary])).not.toMatch(/secret-one|YW5u/);
    expect(summary).toMatchObject({
      outcome: "pending",
      reason: expect.stringMatching(/denies/) as string,
    });
    const right = rig.tracker(network.url.replace("//", "//ann:p%40ss%20word@"), quick);
    expect(await right.finish(20_000)).toMatchObject({ outcome: "complete", url: network.url });
  }, 90_000);
});

describe("runs left open", () => {
  test("by a kill -9 of the sweep are closed as KILLED, and go on when it is run again", async () => {
    const rig = await Rig.make(smallSweep("left-open", PAIR));
    const first = rig.tracker(network.url, quick);
    await rig.open([first]);
    await rig.journal.append(rig.started);
    const [, one] = rig.started.stages;
    await rig.begin(one!.fingerprint);
    await rig.epoch(one!.fingerprint, 1);
    await rig.journal.close();
    expect((await first.finish(10_000)).outcome).toBe("complete");
    const open = (await readBack(server.url, "left-open")).runs;
    expect(open.map(({ status }) => status)).toEqual(["RUNNING", "RUNNING"]);
    // The journal ends without an end, and nobody runs the sweep.
    const next = rig.tracker(network.url, quick);
    expect((await next.finish(10_000, true)).outcome).toBe("complete");
    const closed = (await readBack(server.url, "left-open")).runs;
    expect(closed.map(({ status }) => status)).toEqual(["KILLED", "KILLED"]);
    expect(closed.every(({ end, start }) => end !== null && end >= start)).toBe(true);
    // Run again, the stage begins anew; what it repeats is not doubled.
    const again = rig.tracker(network.url, quick);
    await rig.open([again]);
    await rig.runAll();
    await rig.journal.close();
    expect((await again.finish(20_000)).outcome).toBe("complete");
    await expectWhole("left-open", rig);
  }, 90_000);

  test("that failed say why, and their dependants that they never ran", async () => {
    const rig = await Rig.make(smallSweep("failed", GRID));
    const tracker = rig.tracker(network.url, quick);
    await rig.open([tracker]);
    await rig.journal.append(rig.started);
    const [dataset, one, ...others] = rig.started.stages;
    await rig.begin(dataset!.fingerprint);
    const error = { message: "the file is cut off", kind: "spec" as const, detail: "line 7" };
    await rig.journal.append({
      type: "stage-failed",
      stage: dataset!.fingerprint,
      seconds: 1,
      error,
    });
    for (const { fingerprint: stage } of [one!, ...others]) {
      await rig.journal.append({ type: "stage-skipped", stage, because: dataset!.fingerprint });
    }
    await rig.journal.append({ type: "sweep-finished", outcome: "failed", seconds: 1 });
    await rig.journal.close();
    expect((await tracker.finish(20_000)).outcome).toBe("complete");
    const { runs } = await readBack(server.url, "failed");
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => "FAILED"));
    expect(runs).toHaveLength(6);
    const stage = runs.find((run) => kindOf(run) === "stage")!;
    expect(stage.tags["r4ec.error"]).toBe("the file is cut off");
    expect(stage.artifacts["error.txt"]!.text).toContain("line 7");
    const cell = runs.find((run) => kindOf(run) === "cell")!;
    expect(cell.tags["r4ec.skipped"]).toBe("never ran: dataset ml-100k failed");
  }, 60_000);
});

test("a run that somebody deleted is made again by sync, and only that", async () => {
  const rig = await Rig.make(smallSweep("deleted", PAIR));
  const tracker = rig.tracker(network.url, quick);
  await rig.open([tracker]);
  await rig.runAll();
  await rig.journal.close();
  expect((await tracker.finish(20_000)).outcome).toBe("complete");
  const before = await expectWhole("deleted", rig);
  const gone = before.find((run) => kindOf(run) === "cell")!;
  await fetch(`${server.url}/api/2.0/mlflow/runs/delete`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: gone.id }),
  });
  const sync = rig.tracker(network.url, { ...quick, thorough: true });
  expect(await sync.finish(20_000, true)).toMatchObject({ outcome: "complete", problems: [] });
  const after = await expectWhole("deleted", rig);
  const ids = (runs: ReadRun[]): Set<string> => new Set(runs.map(({ id }) => id));
  expect([...ids(after)].filter((id) => !ids(before).has(id))).toHaveLength(1);
  expect(ids(after).has(gone.id)).toBe(false);
}, 60_000);

test("two trackers of one sweep do not both tell; two sweeps of a store share a stage's run", async () => {
  const a = await Rig.make(smallSweep("together", GRID));
  const b = await Rig.make(smallSweep("together", [...GRID, { ...GRID[0]!, seed: 9 }]), a.store);
  const trackers = [
    a.tracker(network.url, quick),
    b.tracker(network.url, quick),
    a.tracker(network.url, quick),
  ];
  await a.open(trackers.slice(0, 1));
  await b.open(trackers.slice(1, 2));
  await Promise.all([a.runAll(), b.runAll()]);
  await Promise.all([a.journal.close(), b.journal.close()]);
  const [one, two, refused] = await Promise.all(trackers.map((tracker) => tracker.finish(30_000)));
  const outcomes = [one!.outcome, refused!.outcome].sort();
  // The second one of a sweep gives up, unless the first has ended before it looks: then it has nothing to tell.
  expect(outcomes[0]).toBe("complete");
  expect(["complete", "pending"]).toContain(outcomes[1]);
  expect(two!.outcome).toBe("complete");
  const { runs } = await readBack(server.url, "together");
  expect(runs.map(kindOf).sort().join(" ")).toBe(
    [...Array(9).fill("cell"), "stage", "sweep", "sweep"].join(" "),
  );
}, 90_000);
