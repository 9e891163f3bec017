import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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
