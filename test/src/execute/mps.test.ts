import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeMachine } from "../../support/cards.js";
import { Lab, until } from "../../support/engine.js";
import { machineWithMps } from "../../support/mps.js";

let lab: Lab;
let machine: FakeMachine;
let file: string;
beforeEach(async () => {
  lab = await Lab.open();
  lab.environment["R4EC_GPUS"] = "";
  machine = new FakeMachine(lab.folder, 2);
  file = path.join(lab.folder, "mps.log");
  Object.assign(lab.environment, machineWithMps(lab.folder, file, machine.path));
});
afterEach(() => lab.close());

const daemons = (): string[] =>
  existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
/** What the stages said of themselves: their names, the daemon's folder, the cards that they see. */
const told = (): string[][] =>
  lab
    .log()
    .filter((line) => line.startsWith("mps "))
    .map((line) => line.split(" ").slice(1));

/** Until the file is gone, nobody hears whether MPS works. */
function holdTrials(): string {
  const hold = path.join(lab.folder, "mps.hold");
  writeFileSync(hold, "");
  lab.environment["FAKE_MPS_HOLD"] = hold;
  return hold;
}

const sharing = (act: string, more = ""): string =>
  `name: toys\nretries: {wait: 0}\nresources: {cpus: 4, toys_per_card: 2${more}}\n` +
  `toy: {cards: 1, act: ${act}}\nsweep: {grid: {toy.model: [a, b]}}\n`;

describe("NVIDIA's MPS", () => {
  it("serves stages that share a card for as long as the sweep runs", async () => {
    const { code, stderr } = await lab.run("sweep", await lab.spec(sharing("tell-mps")));
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("MPS")]);
    const ids = machine.cards.map(({ uuid }) => uuid);
    expect(daemons()).toEqual([
      expect.stringMatching(`^start \\d+ ${ids.join(",")}$`),
      "quit -t 2",
    ]);
    expect(told().length).toBe(2);
    for (const [, folder, card] of told()) {
      expect(folder).toMatch(/^\/tmp\/r4ec-mps-/);
      expect(existsSync(folder!)).toBe(false);
      expect(ids).toContain(card);
    }
  });

  it("is tried while stages without a card run, and none starts on a card before", async () => {
    const hold = holdTrials();
    const run = lab.start("sweep", await lab.spec(sharing("tell-mps")));
    await lab.logged("end base");
    const finished = async (): Promise<number> =>
      [...(await lab.state()).stages.values()].filter(({ status }) => status === "done").length;
    await expect.poll(finished, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => daemons().length, { timeout: 20_000 }).toBe(1);
    expect(lab.log()).toEqual(["start base", "end base"]);
    rmSync(hold);
    expect((await run.finished).code).toBe(0);
    expect(told().map(([, folder]) => folder)).toEqual(
      Array(2).fill(expect.stringMatching(/^\/tmp\/r4ec-mps-/)),
    );
    expect(daemons().at(-1)).toBe("quit -t 2");
  });

  it("that is just being tried ends with a sweep that is stopped", async () => {
    const hold = holdTrials();
    const run = lab.start("sweep", await lab.spec(sharing("tell-mps")));
    await lab.logged("end base");
    run.child.kill("SIGINT");
    await until(() => run.stderr().includes("stopping at the next checkpoints"), "it to stop");
    rmSync(hold);
    expect((await run.finished).code).toBe(130);
    expect([daemons().length, daemons().at(-1)]).toEqual([2, "quit -t 2"]);
    expect(lab.log()).toEqual(["start base", "end base"]);
  });

  it("ends with the sweep's process, however that ends", async () => {
    lab.flag("a.hold");
    const run = lab.start("sweep", await lab.spec(sharing("tell-mps")));
    await lab.logged("holding a");
    const daemon = Number(daemons()[0]!.split(" ")[1]);
    run.child.kill("SIGKILL");
    await until(() => !existsSync(`/proc/${daemon}`), "the daemon to end");
    expect(daemons().at(-1)).toBe("quit -t 2");
  });

  it.each([
    ["the spec says so", ", mps: off", {}],
    ["its owner serves these programs", "", { CUDA_MPS_PIPE_DIRECTORY: "/tmp/theirs" }],
  ])("is not started where %s", async (_why, more, variables) => {
    Object.assign(lab.environment, variables);
    const { code } = await lab.run("sweep", await lab.spec(sharing("tell-mps", more)));
    const theirs = lab.environment["CUDA_MPS_PIPE_DIRECTORY"] ?? "none";
    expect([code, daemons(), told().map(([, folder]) => folder)]).toEqual([
      0,
      [],
      [theirs, theirs],
    ]);
  });

  it("is not started where no stage shares a card, nor where a card is cut into instances", async () => {
    const alone = sharing("tell-mps").replace("toys_per_card: 2", "toys_per_card: 1");
    expect((await lab.run("sweep", await lab.spec(alone))).code).toBe(0);
    machine.cut(0, 2);
    const other = sharing("tell-mps").replace("[a, b]", "[c, d]");
    expect((await lab.run("sweep", await lab.spec(other, "other.yaml"))).code).toBe(0);
    expect([daemons(), told().map(([, folder]) => folder)]).toEqual([[], Array(4).fill("none")]);
  });

  it("is left where it does not work, with a word", async () => {
    lab.environment["FAKE_MPS_FAILS"] = "1";
    const { code, stderr } = await lab.run("sweep", await lab.spec(sharing("tell-mps")));
    expect([code, stderr]).toEqual([
      ...[
        0,
        expect.stringContaining("NVIDIA's MPS does not work: GPU 0: cuInit gives CUDA's error 805"),
      ],
    ]);
    expect([daemons().at(-1), told().map(([, folder]) => folder)]).toEqual([
      "quit -t 2",
      ["none", "none"],
    ]);
  });

  it("is left after a stage found no card by it, and no card is blamed", async () => {
    const { code, stderr } = await lab.run("sweep", await lab.spec(sharing("blame-mps")));
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("used no more")]);
    const models = [...(await lab.state()).stages.values()].filter(
      ({ record }) => record.runner === "model",
    );
    expect(models.map(({ status, attempts }) => [status, attempts])).toEqual([
      ["done", 2],
      ["done", 2],
    ]);
  });
});
