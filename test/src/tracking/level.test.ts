import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Fault, Seen } from "./proxy.js";
import {
  expectWholeAt,
  GRID,
  kindOf,
  readBack,
  Rig,
  smallSweep,
  mlflowForTests,
  networkForTests,
  syncByCommand,
} from "./support.js";

const server = mlflowForTests();
const network = networkForTests(server);

const quick = { patience: { timeout: 8000, idle: 8000, tries: 4, backoff: 20 } };
const sync = (rig: Rig) => syncByCommand(rig, network.url);

/** A sweep that has run while nobody listened. */
async function ranAlone(name: string, files: Record<string, Uint8Array> = {}): Promise<Rig> {
  const rig = await Rig.make(smallSweep(name, GRID));
  await rig.open();
  await rig.runAll(files);
  await rig.journal.close();
  return rig;
}

/** Tells the server something that r4ec did not say. */
const post = (place: string, body: object) =>
  fetch(`${server.url}/api/2.0/mlflow/${place}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** A success that the server behind never hears of. */
const dropped = (body = "{}"): Fault => ({ status: 200, body });
const isPut = ({ method, path: place }: Seen, name: string): boolean =>
  method === "PUT" && place.endsWith(name);

describe("what is answered with 200 and dropped", () => {
  test.each<[string, (seen: Seen) => Fault, RegExp]>([
    [
      "an end",
      ({ path: place }) =>
        place.endsWith("/runs/update")
          ? dropped('{"run_info": {"run_id": "x", "status": "FINISHED"}}')
          : "pass",
      /status FINISHED/,
    ],
    [
      "a batch",
      ({ path: place }) => (place.endsWith("/runs/log-batch") ? dropped() : "pass"),
      /test\.auc|ctr\.mlp|r4ec\./,
    ],
    [
      "a data set",
      ({ path: place }) => (place.endsWith("/runs/log-inputs") ? dropped() : "pass"),
      /data set ml-100k/,
    ],
    [
      "an artifact",
      (seen) => (isPut(seen, "weights.safetensors") ? dropped("") : "pass"),
      /weights\.safetensors/,
    ],
  ])(
    "leaves the sweep pending, is named, and is sent by the next sync: %s",
    async (what, fault, names) => {
      const name = `dropped ${what}`;
      const rig = await ranAlone(name);
      network.proxy.fault = fault;
      const first = await sync(rig);
      expect(first.exitCode, first.stdout).toBe(3);
      expect(first.stdout).toMatch(/not complete: \d+ runs? in MLflow (is|are) not as the journal/);
      expect(first.stdout).toMatch(names);
      network.proxy.fault = () => "pass";
      const second = await sync(rig);
      expect(second.exitCode, second.stdout).toBe(0);
      await expectWholeAt(server.url, name, rig);
    },
    120_000,
  );

  test("is found by the next sync however long ago it was, and nothing else is sent again", async () => {
    const rig = await ranAlone("dropped long ago");
    expect((await sync(rig)).exitCode).toBe(0);
    // As it would stand there had these requests been dropped, or had somebody changed it.
    const before = await readBack(server.url, "dropped long ago");
    const [one, two, three] = before.runs.filter((run) => kindOf(run) === "cell");
    await post("runs/update", { run_id: one!.id, status: "RUNNING" });
    await post("runs/set-tag", { run_id: two!.id, key: "r4ec.runner", value: "other" });
    await fetch(
      `${server.url}/api/2.0/mlflow-artifacts/artifacts/${before.id}/${three!.id}/artifacts/weights.safetensors`,
      { method: "PUT", body: "cut" },
    );
    const [stage] = before.runs.filter((run) => kindOf(run) === "stage");
    const parent = one!.tags["mlflow.parentRunId"];
    for (const { id } of [one!, stage!])
      await post("runs/set-tag", { run_id: id, key: "mlflow.parentRunId", value: "nobody" });
    const puts = network.proxy.seen.length;
    const done = await sync(rig);
    expect(done.exitCode, done.stdout).toBe(0);
    const after = await expectWholeAt(server.url, "dropped long ago", rig);
    expect(after.find(({ id }) => id === two!.id)!.tags["r4ec.runner"]).toBe("ctr 1");
    const childless = after.filter(({ tags }) => tags["mlflow.parentRunId"] !== parent);
    expect(childless.map(kindOf)).toEqual(["sweep"]);
    expect(after.find(({ id }) => id === three!.id)!.artifacts["weights.safetensors"]).toEqual(
      three!.artifacts["weights.safetensors"],
    );
    // Only what differed was sent again.
    const sent = network.proxy.seen.slice(puts).filter(({ method }) => method === "PUT");
    expect(sent).toHaveLength(1);
  }, 90_000);
});

test("what MLflow cannot change back is named, and right again once its run is deleted", async () => {
  const rig = await ranAlone("not to be changed");
  expect((await sync(rig)).exitCode).toBe(0);
  const { runs } = await readBack(server.url, "not to be changed");
  const [cell, other] = runs.filter((run) => kindOf(run) === "cell");
  // A point that MLflow shows in the place of the sweep's, and one of a later step.
  const time = Date.now() + 1000;
  const point = (run_id: string, key: string, step: number) =>
    post("runs/log-metric", { run_id, key, value: 0.99, timestamp: time, step });
  await point(cell!.id, "test.auc", 0);
  await point(other!.id, "valid.auc", 9);
  await point(other!.id, "a_metric_of_my_own", 1);
  const first = await sync(rig);
  expect(first.exitCode, first.stdout).toBe(3);
  const named = [...first.stdout.matchAll(/(\S+): MLflow shows 0\.99, which was logged there by/g)];
  expect(named.map(([, key]) => key).sort()).toEqual(["test.auc", "valid.auc"]);
  for (const { id } of [cell!, other!]) await post("runs/delete", { run_id: id });
  const second = await sync(rig);
  expect(second.exitCode, second.stdout).toBe(0);
  await expectWholeAt(server.url, "not to be changed", rig);
}, 90_000);

test("an answer of another shape is a fault to retry, whatever the call", async () => {
  const rig = await Rig.make(smallSweep("other shapes", GRID));
  const shapes = ["<!doctype html><p>sign in</p>", "{}", "", "[1]", "null", '{"run": 7}'];
  const asked = new Map<string, number>();
  network.proxy.fault = ({ method, path: place }) => {
    const kind = `${method} ${new URL(place, network.url).pathname.replace(/artifacts\/\d.*/, "file")}`;
    const count = asked.get(kind) ?? 0;
    asked.set(kind, count + 1);
    // Each shape once for each call, good answers between them.
    const shape = count % 2 === 0 ? shapes[count / 2] : undefined;
    return shape === undefined ? "pass" : { status: 200, body: shape };
  };
  const tracker = rig.tracker(network.url, quick);
  await rig.open([tracker]);
  await rig.runAll();
  await rig.journal.close();
  expect(await tracker.finish(30_000)).toMatchObject({ outcome: "complete", problems: [] });
  const again = rig.tracker(network.url, { ...quick, thorough: true });
  expect(await again.finish(30_000, true)).toMatchObject({ outcome: "complete", problems: [] });
  await expectWholeAt(server.url, "other shapes", rig);
  expect([...asked.keys()].map((kind) => kind.split("/").slice(-2).join("/")).sort()).toEqual(
    expect.arrayContaining([
      "artifacts/list",
      "experiments/create",
      "experiments/get-by-name",
      "experiments/search",
      "metrics/get-history",
      "mlflow-artifacts/file",
      "runs/create",
      "runs/get",
      "runs/log-batch",
      "runs/log-inputs",
      "runs/search",
      "runs/update",
    ]),
  );
}, 180_000);

describe("a file that is refused", () => {
  const page = "<html><h1>nginx</h1></html>";
  test.each<[string, Fault, RegExp]>([
    ["413 before it was read", { status: 413, body: page, early: true }, /too large|cut/],
    ["413", { status: 413, body: page }, /too large for the server \(HTTP 413\)/],
    ["403", { status: 403, body: page }, /HTTP 403/],
    ["404", { status: 404, body: page }, /HTTP 404/],
    ["500", { status: 500, body: page }, /HTTP 500/],
    ["200 and a page", { status: 200, body: page }, /does not answer as MLflow does/],
    ["a cut connection", "refuse", /cut/],
  ])(
    "by %s is left out alone and named, and sent as soon as it is taken",
    async (how, fault, reason) => {
      const name = `refused by ${how}`;
      const tracking = { mlflow: { artifacts: "all" } };
      const rig = await Rig.make(smallSweep(name, GRID.slice(0, 2), { tracking }));
      await rig.open();
      await rig.runAll({ "large.bin": Buffer.alloc(3 * 2 ** 20, 7) });
      await rig.journal.close();
      network.proxy.fault = (seen) => (isPut(seen, "large.bin") ? fault : "pass");
      const first = await rig.tracker(network.url, quick).finish(20_000, true);
      expect(first.outcome).toBe("pending");
      expect(first.problems).toHaveLength(2);
      for (const problem of first.problems) {
        expect(problem).toMatch(/storing the artifact large\.bin/);
        expect(problem).toMatch(reason);
      }
      const cells = (await readBack(server.url, name)).runs.filter((run) => kindOf(run) === "cell");
      for (const cell of cells) {
        expect(cell.status).toBe("FINISHED");
        expect(Object.keys(cell.artifacts).sort()).toEqual([
          "curves.jsonl",
          "lineage.json",
          "manifest.json",
          "weights.safetensors",
        ]);
      }
      network.proxy.fault = () => "pass";
      const second = rig.tracker(network.url, { ...quick, thorough: true });
      expect(await second.finish(20_000, true)).toMatchObject({ outcome: "complete" });
      const whole = (await readBack(server.url, name)).runs.find((run) => kindOf(run) === "cell");
      expect(whole!.artifacts["large.bin"]!.size).toBe(3 * 2 ** 20);
    },
    120_000,
  );
});

describe("tracking.mlflow.artifacts", () => {
  const large = Buffer.alloc(200_000, 3);
  test.each([
    [undefined, ["left-in-the-store.json", "manifest.json", "weights.safetensors"]],
    ["small", ["left-in-the-store.json", "manifest.json", "weights.safetensors"]],
    ["all", ["large.npy", "manifest.json", "weights.safetensors"]],
    ["none", ["left-in-the-store.json"]],
  ])(
    "%s decides which files MLflow gets; the others are listed",
    async (artifacts, names) => {
      const name = `artifacts ${artifacts ?? "left out"}`;
      const tracking = artifacts === undefined ? {} : { tracking: { mlflow: { artifacts } } };
      const rig = await Rig.make(smallSweep(name, GRID.slice(0, 1), tracking));
      await rig.open();
      await rig.runAll({ "large.npy": large });
      await rig.journal.close();
      const summary = await rig.tracker(network.url, quick).finish(20_000, true);
      expect(summary).toMatchObject({ outcome: "complete", problems: [] });
      const { runs } = await readBack(server.url, name);
      const cell = runs.find((run) => kindOf(run) === "cell")!;
      const ofStage = Object.keys(cell.artifacts).filter(
        (one) => one !== "lineage.json" && one !== "curves.jsonl",
      );
      expect(ofStage.sort()).toEqual(names);
      const text = cell.artifacts["left-in-the-store.json"]?.text;
      const left = text == null ? [] : (JSON.parse(text) as { files: { name: string }[] }).files;
      if (artifacts === "all") expect(left).toEqual([]);
      else {
        const sha256 = createHash("sha256").update(large).digest("hex");
        expect(left.find((file) => file.name === "large.npy")).toEqual({
          name: "large.npy",
          size: large.length,
          sha256,
        });
      }
    },
    60_000,
  );
});

test("a damaged file is said, and none of its artifact is sent as good", async () => {
  const rig = await ranAlone("damaged artifact");
  const [, cell] = rig.started.stages;
  const { Store } = await import("../../../src/store/index.js");
  const folder = new Store(rig.store).artifactFolder(cell!.fingerprint);
  await writeFile(path.join(folder, "weights.safetensors"), Buffer.from([9, 9, 9, 9, 9, 9, 9]));
  const first = await sync(rig);
  expect(first.exitCode, first.stdout).toBe(3);
  expect(first.stdout).toMatch(
    /its artifact is damaged: .*weights\.safetensors does not have its checksum; none of its files were sent/,
  );
  const { runs } = await readBack(server.url, "damaged artifact");
  const cells = runs.filter((run) => kindOf(run) === "cell");
  const without = cells.filter((run) => run.artifacts["weights.safetensors"] === undefined);
  expect(without.map(({ tags }) => tags["r4ec.cell"])).toEqual([rig.started.cells[0]!.id]);
}, 60_000);
