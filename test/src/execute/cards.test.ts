import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StageState } from "../../../src/journal/index.js";
import { FakeMachine } from "../../support/cards.js";
import { Lab, until } from "../../support/engine.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
  lab.environment["R4EC_GPUS"] = "";
});
afterEach(() => lab.close());

const machineOf = (count: number): FakeMachine => {
  const machine = new FakeMachine(lab.folder, count);
  lab.environment["PATH"] = machine.path;
  return machine;
};

const on = (cards: number, model: string): string =>
  `name: ${model}\nresources: {toys_per_card: 1}\ntoy: {cards: ${cards}, base: base-${model}, model: ${model}}\n`;

describe("cards that others use", () => {
  it("are waited for: those of another sweep, with a store of its own", async () => {
    machineOf(2);
    lab.flag("one.hold");
    lab.flag("two.hold");
    const one = lab.start("sweep", await lab.spec(on(1, "one"), "one.yaml"));
    await lab.logged("holding one");
    lab.environment["R4EC_STORE"] = path.join(lab.folder, "another-store");
    const two = lab.start("sweep", await lab.spec(on(2, "two"), "two.yaml"));
    await until(() => two.stderr().includes("waiting for room on a GPU"), "the second to wait");
    expect(two.stderr()).toMatch(/; GPU 0: r4ec sweep one \(process \d+\)/);
    // A third one takes what the second one waits for, only as long as that has room.
    const three = await lab.run("sweep", await lab.spec(on(1, "three"), "three.yaml"));
    expect([three.code, lab.log()]).toEqual([0, expect.arrayContaining(["end three"])]);
    expect(lab.log().some((line) => line.startsWith("start two"))).toBe(false);
    lab.unflag("one.hold");
    await lab.logged("holding two");
    lab.unflag("two.hold");
    expect([(await one.finished).code, (await two.finished).code]).toEqual([0, 0]);
  });

  it("are waited for: those whose memory is in use, unless the spec says otherwise", async () => {
    const machine = machineOf(1);
    machine.processes = [[0, 1, 60_000]];
    machine.tell();
    const spec = await lab.spec(on(1, "one"));
    const run = lab.start("sweep", spec);
    await until(() => run.stderr().includes("59 of 78 GiB used by process 1"), "it to wait");
    expect(lab.log().some((line) => line.startsWith("start one"))).toBe(false);
    const other = await lab.spec(on(1, "other"), "other.yaml");
    const used = await lab.run("sweep", other, "resources.busy_gpus=use");
    expect([used.code, used.stderr]).toEqual([0, expect.not.stringContaining("waiting for room")]);
    machine.processes = [];
    machine.tell();
    expect((await run.finished).code).toBe(0);
  });

  it("can be left by Ctrl-C while they are waited for", async () => {
    const machine = machineOf(1);
    machine.processes = [[0, 1, 60_000]];
    machine.tell();
    const run = lab.start("sweep", await lab.spec(on(1, "one")));
    await until(() => run.stderr().includes("waiting for room"), "it to wait");
    run.child.kill("SIGINT");
    expect((await run.finished).code).toBe(130);
  });
});

describe("stages that say how much of a card's memory they need", () => {
  it("run side by side as long as it has room, and are told their part", async () => {
    machineOf(1);
    for (const name of ["a", "b", "c"]) lab.flag(`${name}.hold`);
    const spec =
      "name: parts\nresources: {cpus: 8}\ntoy: {memory: 30000, base_act: tell-share}\n" +
      "sweep: {zip: [{toy.base: [a, b, c], toy.model: [x, y, z]}]}\n";
    const run = lab.start("sweep", await lab.spec(spec));
    const said = (word: string): string[] => lab.log().filter((line) => line.startsWith(word));
    await until(() => said("holding ").length === 2, "two of them");
    await sleep(300);
    expect(said("holding ")).toHaveLength(2);
    for (const name of ["a", "b", "c"]) lab.unflag(`${name}.hold`);
    expect((await run.finished).code).toBe(0);
    const shares = ["a", "b", "c"].map((name) => `share ${name} 0 0.375`);
    expect(said("share ").sort()).toEqual(shares);
  });

  it("run where there is no card, and are told of no part", async () => {
    machineOf(0);
    const spec = await lab.spec("name: parts\ntoy: {memory: 30000, base_act: tell-share}\n");
    expect((await lab.run("sweep", spec)).code).toBe(0);
    expect(lab.log().filter((line) => line.startsWith("share "))).toEqual([
      "share base  undefined",
    ]);
  });
});

describe("a card that fails", () => {
  const acting = (acts: string, more = ""): string =>
    `name: toys\nretries: {wait: 0}\nresources: {cpus: 4, toys_per_card: 1}\ntoy: {cards: 1}\n${more}` +
    `sweep: {zip: [{toy.model: [a, b], toy.act: [${acts}]}]}\n`;
  const stages = async (): Promise<StageState[]> =>
    [...(await lab.state()).stages.values()].filter(({ record }) => record.runner === "model");

  it("is taken out where nvidia-smi says so, and its stages go elsewhere, whatever they say", async () => {
    const machine = machineOf(2);
    const spec = await lab.spec(acting("break-on-0, break-on-0"));
    const run = lab.start("sweep", spec);
    await lab.logged("end b");
    machine.cards[0]!.memoryErrors = 3;
    machine.tell();
    lab.flag("broken");
    const { code, stderr } = await run.finished;
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("GPU 0 is used no more by this sweep: its memory has had 3"),
    ]);
    const [a] = await stages();
    expect([a!.status, a!.attempts, a!.retries[0]]).toEqual([
      ...["done", 2],
      expect.objectContaining({
        changed: "on another GPU",
        error: expect.objectContaining({ class: "gpu", message: "boom" }) as unknown,
      }),
    ]);
    expect((await lab.run("status", spec)).stdout).toContain("boom; the stage is tried again");
  });

  it("is taken out where a stage failed there and ran on another one", async () => {
    machineOf(2);
    const { code, stderr } = await lab.run("sweep", await lab.spec(acting("blame-0, blame-0")));
    expect(stderr).toContain("GPU 0 is used no more by this sweep: a stage failed on it, and ran");
    expect([code, (await stages()).map(({ status }) => status)]).toEqual([0, ["done", "done"]]);
  });

  it("is not blamed for a stage that fails on every card", async () => {
    machineOf(2);
    const { code, stderr } = await lab.run("sweep", await lab.spec(acting("blame-all, work")));
    expect([code, stderr]).toEqual([1, expect.not.stringContaining("used no more")]);
    const [a, b] = await stages();
    expect([a!.attempts, a!.error!.message, b!.status]).toEqual([
      ...[3, expect.stringMatching(/^no such card \(on GPU [01] and [01] alike/), "done"],
    ]);
  });

  it("leaves nothing behind that waits for ever, nor runs on the CPU", async () => {
    const machine = machineOf(1);
    const spec = await lab.spec(acting("break-on-0, work"));
    const run = lab.start("sweep", spec);
    await lab.logged("start a");
    Object.assign(machine.cards[0]!, { lost: "gone" });
    machine.tell();
    lab.flag("broken");
    expect((await run.finished).code).toBe(1);
    const message =
      "the GPUs that are left do not suffice; GPU 0: nvidia-smi does not list it any more";
    expect((await stages()).map(({ error }) => error!.message)).toEqual([message, message]);
    expect(lab.log().some((line) => line === "start b")).toBe(false);
  });
});

describe("cells that share cards", () => {
  it("start there four at a time: the next one once one has said something, all when the sweep is stopped", async () => {
    machineOf(1);
    const names = ["a", "b", "c", "d", "e", "f"];
    for (const name of names) lab.flag(`${name}.silent`);
    const spec =
      "name: toys\nresources: {toys_per_card: 6, cpus: 8}\ntoy: {cards: 1}\n" +
      `sweep: {grid: {toy.model: [${names.join(", ")}]}}\n`;
    const run = lab.start("sweep", await lab.spec(spec));
    const silent = (): string[] => lab.log().filter((line) => line.startsWith("silent "));
    await until(() => silent().length >= 4, "four to start");
    await sleep(500);
    expect(silent()).toHaveLength(4);
    const first = silent()[0]!.slice("silent ".length);
    lab.unflag(`${first}.silent`);
    await lab.logged(`end ${first}`);
    await until(() => silent().length >= 5, "the fifth to start");
    run.child.kill("SIGINT");
    // The sixth one waits for nobody any more.
    await expect.poll(() => silent().length, { timeout: 8_000 }).toBe(6);
    for (const name of names) lab.unflag(`${name}.silent`);
    expect((await run.finished).code).toBe(0);
  });

  it("start with those that are reckoned to take longest, in whole groups, also where all waited for their toolchain", async () => {
    machineOf(2);
    lab.environment["R4EC_TFJS_BINDING"] = "/not/loaded";
    const spec =
      "name: toys\nresources: {toys_per_card: 1, busy_gpus: use}\ntoy: {cards: 1, runner: reckoned}\n" +
      'sweep: {zip: [{toy.model: [a, b, c, d], toy.note: ["2", "40", "1", "3"]}], grid: {seed: [1, 2]}}\n';
    expect((await lab.run("sweep", await lab.spec(spec))).code).toBe(0);
    const cells = [...(await lab.state()).stages.values()].filter(({ gpus }) => gpus.length > 0);
    expect(cells.map(({ fusedWith }) => fusedWith)).toEqual(Array(8).fill(2));
    const began = [...cells].sort((one, other) => one.startedAt! - other.startedAt!);
    const names = began.map(({ record }) => String(record.params["name"]));
    expect([names.slice(0, 4).sort(), names.slice(4).sort()]).toEqual([
      ["b", "b", "d", "d"],
      ["a", "a", "c", "c"],
    ]);
  });
});
