import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { gpusHere, wantedGpus } from "../../../src/execute/gpus.js";
import { FakeMachine, machineWithCards } from "../../support/cards.js";
import { Lab } from "../../support/engine.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-gpus-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const machineWith = (count: number): string => machineWithCards(folder, count);

describe("the GPUs in use", () => {
  const indices = async (
    count: number,
    visible?: string,
    wanted: "auto" | readonly number[] = "auto",
  ): Promise<string> => {
    const PATH = machineWith(count);
    const environment = visible === undefined ? { PATH } : { PATH, CUDA_VISIBLE_DEVICES: visible };
    return wantedGpus(wanted, await gpusHere(environment))
      .map((gpu) => `${gpu.index}=${gpu.visible}`)
      .join(" ");
  };

  it("are those that the machine has and the environment leaves", async () => {
    expect(await indices(2)).toBe("0=0 1=1");
    expect(await indices(4, "2,3")).toBe("2=2 3=3");
    expect(await indices(4, "")).toBe("");
    expect(await indices(4, "0,-1,1")).toBe("0=0");
    expect(await indices(2, "GPU-x,GPU-y")).toBe("");
    expect(await indices(2, "1,0,1")).toBe("1=1 0=0");
  });

  it("are never those that only a variable or a setting names", async () => {
    expect(await indices(0, "0,1")).toBe("");
    expect(await indices(2, "1,7,0")).toBe("1=1");
    expect(await indices(0, undefined, [0])).toBe("");
    expect(await indices(2, undefined, [3, 1])).toBe("1=1");
    expect(await indices(4, "2", [0, 2])).toBe("2=2");
  });

  it("stand in the order of the settings", async () => {
    expect(await indices(2, undefined, [1, 0, 1])).toBe("1=1 0=0");
  });

  const seen = async (machine: FakeMachine, visible?: string): Promise<string> => {
    const CUDA_VISIBLE_DEVICES = visible;
    const gpus = await gpusHere({ PATH: machine.path, ...(visible && { CUDA_VISIBLE_DEVICES }) });
    return gpus.map((gpu) => `${gpu.index}=${gpu.visible}`).join(" ");
  };

  it("have nvidia-smi's numbers also where the environment names them by ids", async () => {
    const machine = new FakeMachine(folder, 3);
    const [a, b, c] = machine.cards.map(({ uuid }) => uuid);
    expect(await seen(machine, `${c},${a}`)).toBe(`2=${c} 0=${a}`);
    // CUDA takes an id that is cut short, and ends the list where one names no card.
    expect(await seen(machine, `${b!.slice(0, 20)},GPU-none,${a}`)).toBe(`1=${b!.slice(0, 20)}`);
    expect(await seen(machine, "GPU-")).toBe("");
  });

  it("have the memory that nvidia-smi tells of, which is nothing of instances", async () => {
    const machine = new FakeMachine(folder, 2);
    const sizes = async () => (await gpusHere({ PATH: machine.path })).map(({ memory }) => memory);
    expect(await sizes()).toEqual([80_000, 80_000]);
    machine.cut(0, 2);
    expect(await sizes()).toEqual([null, null, 80_000]);
  });

  it("are the instances of a card that is cut, each for itself", async () => {
    const machine = new FakeMachine(folder, 3);
    machine.cut(1, 2);
    const [a, , c] = machine.cards.map(({ uuid }) => uuid);
    const [one, two] = machine.cards[1]!.instances;
    expect(await seen(machine)).toBe(`0=${a} 1=${one} 2=${two} 3=${c}`);
    expect(await seen(machine, `${two}`)).toBe(`2=${two}`);
    expect(await seen(machine, "1")).toBe(`1=${one} 2=${two}`);
    expect(await seen(machine, "2")).toBe("3=2");
    const here = await gpusHere({ PATH: machine.path });
    expect(here.map(({ instance }) => instance)).toEqual([false, true, true, false]);
  });

  it.each(["shown", "spoils", "gone"] as const)("are not those that are lost: %s", async (lost) => {
    const machine = new FakeMachine(folder, 3);
    machine.cards[1]!.lost = lost;
    machine.tell();
    expect(await seen(machine)).toBe("0=0 2=2");
  });
});

describe("GPUs that are not there", () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open();
    lab.environment["R4EC_GPUS"] = "";
    // Where Slurm's commands are installed, a spec may be meant for another machine.
    lab.environment["SLURM_JOB_ID"] = "1";
  });
  afterEach(() => lab.close());

  const wishes: readonly (readonly [string, string, string, string])[] = [
    ["resources.gpus", "resources: {gpus: [0, 3]}\n", "2:23", "there is no GPU 3"],
    ["gpu", "gpu: 9\n", "2:6", "there is no GPU 9"],
    ["an axis of gpu", "sweep: {grid: {gpu: [0, 7], seed: [1, 2]}}\n", "2:25", "there is no GPU 7"],
    ["a zip of gpu", "sweep: {zip: [{seed: [1, 2], gpu: [0, 5]}]}\n", "2:39", "there is no GPU 5"],
    ["an include", "sweep: {include: [{seed: 3, gpu: 8}]}\n", "2:34", "there is no GPU 8"],
    ["a number of GPUs", "toy: {cards: 4}\n", "2:14", "toy.cards asks for 4 GPUs, but"],
  ];
  const specOf = (rest: string): string =>
    `name: cards\n${rest}${rest.startsWith("toy:") ? "" : "toy: {cards: 1}\n"}`;

  it.each(wishes)(
    "are refused by validate, plan and sweep alike: %s",
    async (_, rest, place, said) => {
      lab.environment["PATH"] = machineWith(1);
      const spec = await lab.spec(specOf(rest));
      for (const command of ["validate", "plan", "sweep"]) {
        const { code, stdout, stderr } = await lab.run(command, spec);
        expect(stderr, command).toContain(`spec.yaml:${place} error: ${said}`);
        expect(stderr).toContain("GPU 0");
        expect(stdout).toBe("");
        expect(code).toBe(2);
      }
      expect(lab.log()).toEqual([]);
    },
  );

  it.each(wishes)(
    "are a warning where the spec will not run, and no sweep: %s",
    async (_, rest, place, said) => {
      lab.environment["PATH"] = machineWith(0);
      const spec = await lab.spec(specOf(rest));
      const checked = await lab.run("validate", spec);
      expect(checked.stderr).toMatch(/warning: sweep would not run here: .*no GPU/);
      expect(checked.code).toBe(0);
      const swept = await lab.run("sweep", spec);
      // The first of the list is missing too.
      if (!rest.includes("[0")) expect(swept.stderr).toContain(`spec.yaml:${place} error: ${said}`);
      expect(swept.stderr).toContain("error: ");
      expect(swept.code).toBe(2);
      expect(lab.log()).toEqual([]);
    },
  );

  it("are refused where the call or a variable names them, whatever the machine", async () => {
    const spec = await lab.spec("name: cards\ntoy: {cards: 1}\n");
    for (const count of [0, 1]) {
      lab.environment["PATH"] = machineWith(count);
      for (const command of ["validate", "plan", "sweep"]) {
        lab.environment["R4EC_GPUS"] = "";
        const flag = await lab.run(command, spec, "--gpus", "7");
        expect(flag.stderr).toContain("--gpus:1:1 error: there is no GPU 7: this machine has ");
        lab.environment["R4EC_GPUS"] = "7";
        const variable = await lab.run(command, spec);
        expect(variable.stderr).toContain("R4EC_GPUS:1:1 error: there is no GPU 7");
        expect([flag.code, variable.code]).toEqual([2, 2]);
      }
    }
    expect(lab.log()).toEqual([]);
  });

  it("are missing to a stage that computes on several, where they are parts of one card", async () => {
    const machine = new FakeMachine(lab.folder, 2);
    machine.cut(0, 3);
    lab.environment["PATH"] = machine.path;
    const { stderr, code } = await lab.run("validate", await lab.spec(specOf("toy: {cards: 2}\n")));
    expect(stderr).toContain(
      "GPUs 0, 1, 2, 3, of which parts (MIG) do not compute together; 1 would",
    );
    expect(code).toBe(2);
  });

  it("are too small for a stage that needs more memory than any has", async () => {
    lab.environment["PATH"] = machineWith(2);
    const spec = await lab.spec("name: cards\ntoy: {memory: 102400}\n");
    for (const command of ["validate", "plan", "sweep"]) {
      const { code, stdout, stderr } = await lab.run(command, spec);
      expect(stderr, command).toContain(
        "spec.yaml:2:15 error: toy.memory asks for 100G of a GPU, but the largest that the sweep may use has 80000M; at most 78G would be right here",
      );
      expect([stdout, code]).toEqual(["", 2]);
    }
    // Without a GPU it runs on the CPU.
    lab.environment["PATH"] = machineWith(0);
    expect((await lab.run("sweep", spec)).code).toBe(0);
  });

  it("are not asked for by --gpus none, nor by a sweep that has nothing left to run", async () => {
    lab.environment["PATH"] = machineWith(0);
    const spec = await lab.spec(specOf("gpu: 9\n"));
    const first = await lab.run("sweep", spec, "--gpus", "none");
    expect([first.code, lab.log()]).toEqual([0, expect.arrayContaining(["end model"])]);
    const again = await lab.run("sweep", spec);
    expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining("error")]);
  });
});
