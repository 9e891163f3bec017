import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryKills } from "../../../src/base/memory.js";
import { classOfError, classOfExit } from "../../../src/execute/classify.js";
import { Retries } from "../../../src/execute/retries.js";
import type { PlannedStage } from "../../../src/plan/index.js";
import type { StageState } from "../../../src/journal/index.js";
import { listSweeps } from "../../../src/journal/index.js";
import { JOURNAL_FILE } from "../../../src/journal/read.js";
import { machineWithCards } from "../../support/cards.js";
import { Lab } from "../../support/engine.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const acting = (act: string, more = ""): string =>
  `name: toy\nretries: {wait: 0.1}\n${more}toy: {act: ${act}}\n`;

/** The state of the stage of a runner after a sweep. */
async function stateOf(runner: string): Promise<StageState> {
  const stages = [...(await lab.state()).stages.values()];
  return stages.find(({ record }) => record.runner === runner)!;
}

async function journalOf(): Promise<string> {
  const [latest] = await listSweeps(lab.store);
  return path.join(latest!.folder, JOURNAL_FILE);
}

describe("a stage that fails by the machine is tried again, by class", () => {
  it("network: as often as retries.network says, with a growing wait", async () => {
    const spec = await lab.spec(acting("lose-connection"));
    const { code, stderr } = await lab.run("sweep", spec);
    expect([code, stderr]).toEqual([0, expect.stringContaining("network: socket hang up")]);
    const { retries, attempts, status } = await stateOf("model");
    expect([attempts, status, retries.map(({ error }) => error.class)]).toEqual([
      ...[3, "done"],
      ["network", "network"],
    ]);
    const journal = readFileSync(await journalOf(), "utf8");
    const waits = [...journal.matchAll(/"wait":([\d.]+)/gu)].map(([, wait]) => Number(wait));
    expect(waits).toEqual([0.1, 0.2]);
    // What was tried again stays to be seen.
    const { stdout } = await lab.run("status", spec);
    expect(stdout).toContain("network: socket hang up; the stage is tried again");
  });

  it("no more often than the spec says", async () => {
    const spec = await lab.spec(acting("lose-connection").replace("wait: 0.1", "network: 1"));
    const { code } = await lab.run("sweep", spec);
    const { attempts, error } = await stateOf("model");
    expect([code, attempts, error!.class]).toEqual([1, 2, "network"]);
  });

  it("memory of the machine", async () => {
    const { code, stderr } = await lab.run("sweep", await lab.spec(acting("fill-memory")));
    const { retries, attempts } = await stateOf("model");
    expect([code, attempts, retries[0]!.error.class]).toEqual([0, 2, "memory"]);
    expect(stderr).toContain("out of memory: ");
  });

  it("memory of a card: with less each time, which journal and status say", async () => {
    const spec = await lab.spec(acting("fill-card"));
    const { code, stderr } = await lab.run("sweep", spec);
    expect([code, stderr]).toEqual([0, expect.stringContaining("tried again, with step 4")]);
    const { retries } = await stateOf("model");
    expect(retries.map(({ changed }) => changed)).toEqual(["with step 4", "with step 2"]);
    expect((await lab.run("status", spec)).stdout).toContain("out of GPU memory");
    const { stdout } = await lab.run("status", spec, "--json");
    expect(stdout).toContain('"changed": "with step 2"');
  });

  it("memory of a card that never suffices fails in the end", async () => {
    const spec = await lab.spec(acting("no-card").replace("wait: 0.1", "wait: 0, gpu_memory: 5"));
    const { code } = await lab.run("sweep", spec);
    const { retries, error } = await stateOf("model");
    expect([code, error!.class]).toEqual([1, "gpu_memory"]);
    expect(retries.map(({ changed }) => changed)).toEqual([
      ...["with step 4", "with step 2", "with step 1"],
      ...[null, null],
    ]);
  });

  it("memory of a card in a group: groups of half the size", async () => {
    const spec = await lab.spec(
      "name: toy\ntoy: {runner: replica, act: crowd}\nsweep: {grid: {toy.model: [a, b, c, d]}}\n",
    );
    expect((await lab.run("sweep", spec)).code).toBe(0);
    const groups = lab.log().filter((line) => line.startsWith("group"));
    const sizes = groups.map((line) => line.split(" ").length - 1);
    expect(sizes).toEqual([4, 2, 2, 1, 1, 1, 1]);
    const changes = (await stateOf("replica")).retries.map(({ changed }) => changed);
    expect(changes).toEqual([
      "in a group of at most 2 (before: 4 together)",
      "alone (before: 2 together)",
    ]);
  });

  it("memory of a card: fewer processes on it, those at rest included", async () => {
    lab.environment["R4EC_GPUS"] = "";
    lab.environment["PATH"] = machineWithCards(lab.folder, 1);
    const spec = await lab.spec(
      `name: toys\nretries: {wait: 0, gpu_memory: 2}\nresources: {cpus: 4, toys_per_card: 3}\ntoy: {cards: 1}\n` +
        "sweep:\n  zip:\n    - toy.model: [a, b, c, d]\n" +
        "      toy.act: [meet-on-card, meet-on-card, meet-on-card, alone-on-card]\n",
    );
    const { code, stderr } = await lab.run("sweep", spec);
    expect([code, stderr]).toEqual([0, expect.stringContaining("beside fewer others on its card")]);
    const states = [...(await lab.state()).stages.values()];
    const last = states.find(({ record }) => record.params["name"] === "d")!;
    // The first try was one of three on the card. The second has the card to itself.
    expect(last.retries.map(({ cardPart }) => cardPart)).toEqual([2 / 3]);
  });

  it("memory of a card: a process that dies of it", async () => {
    const settings = "wait: 0, gpu_memory: 2, lost: 0";
    const spec = await lab.spec(acting("die-of-card").replace("wait: 0.1", settings));
    expect((await lab.run("sweep", spec)).code).toBe(0);
    const { retries } = await stateOf("model");
    expect(retries.map(({ error }) => error.class)).toEqual(["gpu_memory", "lost"]);
  });

  it("memory of a card: the next run of the sweep begins with what this one came to", async () => {
    const few = "wait: 0, gpu_memory: 1";
    const spec = await lab.spec(acting("fill-card").replace("wait: 0.1", few));
    expect((await lab.run("sweep", spec)).code).toBe(1);
    expect((await lab.run("sweep", spec)).code).toBe(0);
    const { retries } = await stateOf("model");
    expect(retries.map(({ changed, tightened }) => [changed, tightened])).toEqual([
      ...[
        ["with step 4", 1],
        ["with step 2", 2],
      ],
    ]);
    const groups = await lab.spec(
      `name: toys\nretries: {${few}}\ntoy: {runner: replica, act: crowd}\nsweep: {grid: {toy.model: [a, b, c, d]}}\n`,
      "groups.yaml",
    );
    expect((await lab.run("sweep", groups)).code).toBe(1);
    expect((await lab.run("sweep", groups)).code).toBe(0);
    const sizes = lab.log().filter((line) => line.startsWith("group"));
    expect(sizes.map((line) => line.split(" ").length - 1)).toEqual([4, 2, 2, 2, 2, 1, 1, 1, 1]);
  });

  it("time: a try that takes longer than its limit ends, and goes on from its checkpoint", async () => {
    const spec = await lab.spec(acting("dawdle", "time_limit: {model: 2}\n"));
    const { code, stderr } = await lab.run("sweep", spec);
    expect([code, stderr]).toEqual([0, expect.stringContaining("2 s (time_limit.model)")]);
    const { retries, seconds } = await stateOf("model");
    expect(retries[0]!.error.class).toBe("timeout");
    // The time of all attempts, but for the last second before a kill.
    expect(seconds).toBeGreaterThanOrEqual(0.9);
    expect(lab.log()).toContain("start model from checkpoint");
  });

  it("a bug is not tried again; the message has the log's last lines and its path", async () => {
    const { code, stderr } = await lab.run("sweep", await lab.spec(acting("fail")));
    const { attempts, error } = await stateOf("model");
    expect([code, attempts, error!.kind]).toEqual([1, 1, "bug"]);
    expect(existsSync(error!.log!)).toBe(true);
    expect(stderr).toContain(`log: ${error!.log}`);
    expect(stderr).toContain("told to fail");
  });

  it("a time limit of a stage that does not exist is refused where it stands", async () => {
    const spec = await lab.spec(acting("work", "time_limit: {modle: 2}\n"));
    const { code, stderr } = await lab.run("validate", spec);
    expect(code).toBe(2);
    expect(stderr).toContain("spec.yaml:3:14");
    expect(stderr).toContain("there is no kind of stage called modle");
  });

  it("the defaults change no cell's id", async () => {
    const plain = await lab.run("plan", await lab.spec("name: toy\n"), "--json");
    const set = await lab.spec(
      "name: toy\nfailure: stop\nretries: {lost: 3}\ntime_limit: {model: 9}\n",
    );
    expect((await lab.run("plan", set, "--json")).stdout).toBe(plain.stdout);
  });
});

describe("failure: stop", () => {
  it("starts nothing more after the first failure; the next run goes on", async () => {
    const text =
      "name: toy\nfailure: stop\nresources: {cpus: 1}\n" +
      "sweep: {zip: [{toy.model: [a, b, c], toy.act: [fail, work, work]}]}\n";
    const file = await lab.spec(text);
    const { code, stderr } = await lab.run("sweep", file);
    expect([code, stderr]).toEqual([1, expect.stringContaining("then it stops")]);
    expect(lab.log().filter((line) => line.startsWith("start"))).toEqual([
      ...["start base", "start a"],
    ]);
    expect((await lab.state()).status).toBe("failed");
    lab.forgetLog();
    const { code: second } = await lab.run("sweep", file, "--failure", "keep-going");
    expect([
      second,
      lab
        .log()
        .filter((line) => line.startsWith("end"))
        .sort(),
    ]).toEqual([...[1, ["end b", "end c"]]]);
  });
});

describe("classes", () => {
  it("tell the kernel's kill for memory from another kill", async () => {
    const exit = { how: "SIGKILL", lastLines: "", forMemory: false };
    expect(classOfExit(exit, () => null)).toBe("lost");
    expect(classOfExit({ ...exit, forMemory: true }, () => null)).toBe("memory");
    const folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-memory-"));
    const file = path.join(folder, "memory.events");
    await writeFile(file, "low 0\nhigh 0\nmax 3\noom 2\noom_kill 7\noom_group_kill 0\n");
    expect(memoryKills([file, path.join(folder, "none")])).toBe(7);
    expect(memoryKills()).toBeGreaterThanOrEqual(0);
    await rm(folder, { recursive: true });
  });

  it("are read from the words of C++ and V8, and from the codes of causes", () => {
    const words = "terminate called after throwing an instance of 'std::bad_alloc'";
    const exit = { how: "SIGABRT", lastLines: words, forMemory: false };
    expect(classOfExit(exit, () => null)).toBe("memory");
    const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(classOfError(new TypeError("fetch failed", { cause }))).toBe("network");
    expect(classOfError(new Error("x is NaN"))).toBe(null);
  });

  it("never let bad data or a bug be tried again", () => {
    const counts = {
      memory: 9,
      gpu_memory: 9,
      gpu: 9,
      timeout: 9,
      lost: 9,
      network: 9,
      disk: 9,
      other: 9,
    };
    const retries = new Retries({ wait: 1, retries: counts }, { count: 0, cellsPerCard: 1 });
    const stage = { record: { fingerprint: "f" } } as unknown as PlannedStage;
    expect(retries.next(stage, { kind: "spec", message: "NaN" }, 1)).toBe(null);
    expect(retries.next(stage, { kind: "bug", message: "oops" }, 4)).toBe(null);
    const waits = Array.from({ length: 9 }, () =>
      retries.next(stage, { kind: "machine", message: "full" }, 1),
    );
    expect(waits.map((each) => each!.wait)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
    expect(retries.next(stage, { kind: "machine", message: "full" }, 1)).toBe(null);
  });
});
