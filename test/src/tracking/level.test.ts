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
  test("leaves the sweep pending, is named, and is sent by the next sync", async () => {
    const name = "dropped";
    const rig = await ranAlone(name);
    // The sweep's run comes first, then its stage's, then those of the cells: each loses one kind of thing, always.
    const kinds = ["an end", "a batch", "an end", "a batch", "a data set", "an artifact"] as const;
    const runs: string[] = [];
    const loses = (run: string): (typeof kinds)[number] => {
      if (!runs.includes(run)) runs.push(run);
      return kinds[runs.indexOf(run)]!;
    };
    const ofBody = (kind: (typeof kinds)[number], body = "{}"): Fault => ({
      read: (text) =>
        loses((JSON.parse(text) as { run_id: string }).run_id) === kind ? dropped(body) : "pass",
    });
    network.proxy.fault = (seen) => {
      const { path: place } = seen;
      if (place.endsWith("/runs/log-batch")) return ofBody("a batch");
      if (place.endsWith("/runs/log-inputs")) return ofBody("a data set");
      if (place.endsWith("/runs/update"))
        return ofBody("an end", '{"run_info": {"run_id": "x", "status": "FINISHED"}}');
      const run = /\/([0-9a-f]{32})\/artifacts\/weights\.safetensors$/.exec(place)?.[1];
      return run !== undefined && loses(run) === "an artifact" ? dropped("") : "pass";
    };
    const first = await sync(rig);
    expect(first.exitCode, first.stdout).toBe(3);
    expect(first.stdout).toMatch(/not complete: 6 runs in MLflow are not as the journal/);
    for (const [names, times] of [
      [/did not store: status FINISHED/g, 2],
      [/did not store: .*(test\.auc|ctr\.mlp|r4ec\.)/g, 2],
      [/did not store: data set ml-100k/g, 1],
      [/did not store: weights\.safetensors/g, 1],
    ] as const)
      expect(first.stdout.match(names), first.stdout).toHaveLength(times);
    network.proxy.fault = () => "pass";
    const second = await sync(rig);
    expect(second.exitCode, second.stdout).toBe(0);
    await expectWholeAt(server.url, name, rig);
  }, 120_000);

  test("is found by the next sync however long ago it was; what MLflow cannot change back is named, until its run is deleted", async () => {
    const name = "dropped long ago";
    const rig = await ranAlone(name);
    const again = () => rig.tracker(network.url, { ...quick, thorough: true }).finish(20_000, true);
    const complete = { outcome: "complete", problems: [] };
    expect(await again()).toMatchObject(complete);
    // As it would stand there had these requests been dropped, or had somebody changed it.
    const before = await readBack(server.url, name);
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
    expect(await again()).toMatchObject(complete);
    const after = await expectWholeAt(server.url, name, rig);
    expect(after.find(({ id }) => id === two!.id)!.tags["r4ec.runner"]).toBe("ctr 1");
    const childless = after.filter(({ tags }) => tags["mlflow.parentRunId"] !== parent);
    expect(childless.map(kindOf)).toEqual(["sweep"]);
    expect(after.find(({ id }) => id === three!.id)!.artifacts["weights.safetensors"]).toEqual(
      three!.artifacts["weights.safetensors"],
    );
    // Only what differed was sent again.
    const sent = network.proxy.seen.slice(puts).filter(({ method }) => method === "PUT");
    expect(sent).toHaveLength(1);

    // A point that MLflow shows in the place of the sweep's, and one of a later step.
    const time = Date.now() + 1000;
    const point = (run_id: string, key: string, step: number) =>
      post("runs/log-metric", { run_id, key, value: 0.99, timestamp: time, step });
    await point(one!.id, "test.auc", 0);
    await point(two!.id, "valid.auc", 9);
    await point(two!.id, "a_metric_of_my_own", 1);
    const { outcome, problems } = await again();
    expect(outcome).toBe("pending");
    const shows = /(\S+): MLflow shows 0\.99, which was logged there by/g;
    const named = [...problems.join("\n").matchAll(shows)].map(([, key]) => key);
    expect(named.sort()).toEqual(["test.auc", "valid.auc"]);
    for (const { id } of [one!, two!]) await post("runs/delete", { run_id: id });
    expect(await again()).toMatchObject(complete);
    await expectWholeAt(server.url, name, rig);
  }, 120_000);
});

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

test("a file that is refused is left out alone and named, and sent as soon as it is taken", async () => {
  const page = "<html><h1>nginx</h1></html>";
  const ways: { readonly [how: string]: readonly [Fault, RegExp] } = {
    "413 before it was read": [{ status: 413, body: page, early: true }, /too large|cut/],
    413: [{ status: 413, body: page }, /too large for the server \(HTTP 413\)/],
    403: [{ status: 403, body: page }, /HTTP 403/],
    404: [{ status: 404, body: page }, /HTTP 404/],
    500: [{ status: 500, body: page }, /HTTP 500/],
    "200 and a page": [{ status: 200, body: page }, /does not answer as MLflow does/],
    "a cut connection": ["refuse", /cut/],
  };
  const fileOf = (how: string): string => `by-${how.replaceAll(" ", "-")}.bin`;
  const size = 3 * 2 ** 20;
  const files = Object.keys(ways).map((how) => [fileOf(how), Buffer.alloc(size, 7)] as const);
  const tracking = { mlflow: { artifacts: "all" } };
  const rig = await Rig.make(smallSweep("refused", GRID.slice(0, 2), { tracking }));
  await rig.open();
  await rig.runAll(Object.fromEntries(files));
  await rig.journal.close();
  network.proxy.fault = (seen) => {
    const way = Object.entries(ways).find(([how]) => isPut(seen, `/${fileOf(how)}`));
    return way === undefined ? "pass" : way[1][0];
  };
  const first = await rig.tracker(network.url, quick).finish(20_000, true);
  expect(first.outcome).toBe("pending");
  expect(first.problems).toHaveLength(2 * files.length);
  for (const [how, [, reason]] of Object.entries(ways)) {
    const its = first.problems.filter((one) => one.includes(`storing the artifact ${fileOf(how)}`));
    expect(its, first.problems.join("\n")).toEqual(Array(2).fill(expect.stringMatching(reason)));
  }
  const cellsNow = async () =>
    (await readBack(server.url, "refused")).runs.filter((run) => kindOf(run) === "cell");
  for (const cell of await cellsNow()) {
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
  for (const cell of await cellsNow())
    for (const [name] of files) expect(cell.artifacts[name]!.size).toBe(size);
}, 180_000);

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
  const { outcome, problems } = await rig.tracker(network.url, quick).finish(20_000, true);
  expect(outcome).toBe("pending");
  expect(problems).toEqual([
    expect.stringMatching(
      /its artifact is damaged: .*weights\.safetensors does not have its checksum; none of its files were sent/,
    ),
  ]);
  const { runs } = await readBack(server.url, "damaged artifact");
  const cells = runs.filter((run) => kindOf(run) === "cell");
  const without = cells.filter((run) => run.artifacts["weights.safetensors"] === undefined);
  expect(without.map(({ tags }) => tags["r4ec.cell"])).toEqual([rig.started.cells[0]!.id]);
}, 60_000);
