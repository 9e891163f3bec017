import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identityOf } from "../../../src/base/process.js";
import { CardClaims } from "../../../src/execute/card-claims.js";
import { CardUse } from "../../../src/execute/card-use.js";
import { gpusHere } from "../../../src/execute/gpus.js";
import { Room } from "../../../src/execute/room.js";
import type { Share } from "../../../src/execute/slots.js";
import { FakeMachine } from "../../support/cards.js";

const execFileAsync = promisify(execFile);

let folder: string;
let opened: Room[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-room-"));
  opened = [];
});
afterEach(async () => {
  for (const room of opened) room.close();
  await rm(folder, { recursive: true, force: true });
});

/** The room of one more process, as it were, on a machine. */
async function roomOn(
  machine: FakeMachine,
  more: { use?: CardUse; say?: (line: string) => void; cards?: readonly number[] } = {},
): Promise<Room> {
  const gpus = await gpusHere({ PATH: machine.path });
  const { cards, use = null, say = () => undefined } = more;
  const room = new Room({
    ...{ cpus: 64, use, say },
    gpus: gpus.filter(({ index }) => cards?.includes(index) ?? true),
    claims: CardClaims.open(path.join(folder, "cards"), "r4ec sweep toy", 0),
  });
  opened.push(room);
  return room;
}

const part = (room: Room, gpus: number): Share | null => room.take({ cpus: 1, gpus }, null);

describe("two sweeps on the cards of a machine", () => {
  it("together take no more of a card than it has, and take what comes free", async () => {
    const machine = new FakeMachine(folder, 1);
    const [one, two] = [await roomOn(machine), await roomOn(machine)];
    const shares = [part(one, 0.5), part(two, 0.25), part(one, 0.25)];
    expect(shares.every((share) => share !== null)).toBe(true);
    expect([part(one, 0.25), part(two, 0.25)]).toEqual([null, null]);
    const wait = two.settle()!;
    one.release(shares[2]!);
    await wait;
    expect(part(two, 1)).toBeNull();
    expect(part(two, 0.25)!.gpus).toEqual([0]);
  });

  it("take different cards where they can, and whole ones only from nobody", async () => {
    const machine = new FakeMachine(folder, 3);
    const [one, two] = [await roomOn(machine), await roomOn(machine)];
    expect(part(one, 0.25)!.gpus).toEqual([0]);
    expect(part(two, 2)!.gpus).toEqual([1, 2]);
    expect(part(one, 1)).toBeNull();
  });

  it("know a card by its id, whatever number or order it has for them", async () => {
    const machine = new FakeMachine(folder, 2);
    const [first, second] = machine.cards.map(({ uuid }) => uuid);
    const one = await roomOn(machine, { cards: [1] });
    expect(part(one, 1)!.gpus).toEqual([1]);
    const gpus = await gpusHere({ PATH: machine.path, CUDA_VISIBLE_DEVICES: `${second}` });
    const claims = CardClaims.open(path.join(folder, "cards"), "another", 0);
    const two = new Room({ cpus: 4, gpus, claims, use: null, say: () => undefined });
    opened.push(two);
    expect(part(two, 0.25)).toBeNull();
    expect([first, claims.taken(first!), claims.taken(second!)]).toEqual([first, 0, 1]);
  });

  it("keep two waits for a whole card apart, one of which is for an amount of memory", async () => {
    const machine = new FakeMachine(folder, 1);
    const [one, two] = [await roomOn(machine), await roomOn(machine)];
    const half = part(one, 0.5)!;
    const memory = (gpuMemory: number) => two.take({ cpus: 1, gpus: 1, gpuMemory }, null);
    expect([part(two, 1), memory(80_000), memory(60_000)]).toEqual([null, null, null]);
    void two.settle();
    const watching = CardClaims.open(path.join(folder, "cards"), "r4ec sweep toy", 0);
    const shares = watching.others().flatMap(({ wishes }) => wishes.map(({ share }) => share));
    expect(shares.sort()).toEqual([0.75, 1, 1]);
    watching.close();
    expect(memory(40_000)).toMatchObject({ gpus: [0], gpuShare: 0.5 });
    one.release(half);
  });

  it("of which one was killed: what it held is free, and its file goes", async () => {
    const machine = new FakeMachine(folder, 1);
    const room = await roomOn(machine);
    const dead = { ...identityOf(), start: "1", purpose: "gone", wishes: [] };
    const held = { [machine.cards[0]!.uuid]: 1 };
    const file = path.join(folder, "cards", "7-0.json");
    await writeFile(file, JSON.stringify({ ...dead, held }));
    expect(part(room, 1)).not.toBeNull();
    expect(existsSync(file)).toBe(false);
  });

  it("of which one writes what nobody understands: the other goes on", async () => {
    const machine = new FakeMachine(folder, 1);
    const room = await roomOn(machine);
    const strange = ["{", "[]", '{"pid":1}', '{"pid":1,"host":"x","held":[7],"wishes":{}}'];
    for (const [index, text] of strange.entries())
      await writeFile(path.join(folder, "cards", `9-${index}.json`), text);
    expect(part(room, 1)).not.toBeNull();
  });

  it("leave no file behind", async () => {
    const room = await roomOn(new FakeMachine(folder, 1));
    part(room, 1);
    room.close();
    expect(await readdir(path.join(folder, "cards"))).toEqual([]);
  });

  it("go on alone where the folder fails, and say so", async () => {
    const said: string[] = [];
    const room = await roomOn(new FakeMachine(folder, 1), { say: (line) => said.push(line) });
    await rm(path.join(folder, "cards"), { recursive: true });
    expect(part(room, 1)).not.toBeNull();
    expect(said).toEqual([expect.stringMatching(/^warning: .*cards fails, so other sweeps/)]);
  });
});

describe("two sweeps that wait for the same cards", () => {
  /** Many small groups in one process, large ones in another; gives who started, in order. */
  async function play(cards: number): Promise<string> {
    const machine = new FakeMachine(folder, cards);
    const small = { name: "s", room: await roomOn(machine), gpus: 0.5, left: 60 };
    const large = { name: "L", room: await roomOn(machine), gpus: 2, left: 3 };
    const running: { room: Room; share: Share }[] = [];
    let started = "";
    while (small.left + large.left > 0) {
      let again = true;
      while (again) {
        again = false;
        for (const one of [small, large]) {
          const share = one.left === 0 ? null : part(one.room, one.gpus);
          void one.room.settle();
          if (share === null) continue;
          again = true;
          one.left -= 1;
          started += one.name;
          running.push({ room: one.room, share });
        }
      }
      const { room, share } = running.shift()!;
      room.release(share);
    }
    return started;
  }

  it("take turns: neither keeps the other waiting for ever", async () => {
    const started = await play(2);
    const [, first, second, third] = started.split("L").map(({ length }) => length);
    // The large ones do not wait for all of the small ones, nor these for all of the large ones.
    expect(started.indexOf("L")).toBeLessThan(20);
    expect(Math.min(first!, second!)).toBeGreaterThan(1);
    expect(third).toBeGreaterThan(1);
  });
});

describe("many processes that take a card at the same moment", () => {
  it("never hold it together", async () => {
    const module = new URL("../../../dist/src/execute/card-claims.js", import.meta.url).href;
    const program = `
      import { closeSync, openSync, rmSync } from "node:fs";
      const { CardClaims } = await import(${JSON.stringify(module)});
      const claims = CardClaims.open(${JSON.stringify(folder)}, "one of many");
      let times = 0;
      for (const end = Date.now() + 1500; Date.now() < end;) {
        if (!claims.hold({ card: 1 })) continue;
        // Fails where another process is here.
        closeSync(openSync(${JSON.stringify(path.join(folder, "in"))}, "wx"));
        times += 1;
        rmSync(${JSON.stringify(path.join(folder, "in"))});
        claims.hold({});
      }
      claims.close();
      console.log(times);
    `;
    const runs = [1, 2, 3].map(() =>
      execFileAsync(process.execPath, ["--input-type=module", "-e", program]),
    );
    const times = (await Promise.all(runs)).map(({ stdout }) => Number(stdout));
    expect(times.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(20);
  });
});

describe("a card that other programs use", () => {
  let machine: FakeMachine;
  let now: number;
  let use: CardUse;
  let said: string[];
  let room: Room;
  beforeEach(async () => {
    machine = new FakeMachine(folder, 1);
    now = 0;
    said = [];
    use = new CardUse({
      environment: { PATH: machine.path },
      claims: () => [],
      now: () => now,
    });
    room = await roomOn(machine, { use, say: (line) => said.push(line) });
  });

  /** Says what is used, and has it looked at. */
  async function used(mib: number, processes: [pid: number, used: number][] = []): Promise<void> {
    Object.assign(machine.cards[0]!, { used: mib });
    machine.processes = processes.map(([pid, of]) => [0, pid, of]);
    machine.tell();
    now += 60_000;
    await use.look();
  }

  it("gives what is left of its memory, and no whole card", async () => {
    await used(50_000, [[1, 44_000]]);
    expect(part(room, 1)).toBeNull();
    void room.settle();
    expect(said).toEqual(["waiting for room on a GPU; GPU 0: 43 of 78 GiB used by process 1"]);
    expect([part(room, 0.25), part(room, 0.25)]).toEqual([expect.anything(), null]);
  });

  it("is looked at before it is used, and again while it is waited for", async () => {
    Object.assign(machine.cards[0]!, { used: 70_000 });
    machine.processes = [[0, 1, 70_000]];
    machine.tell();
    expect(part(room, 1)).toBeNull();
    await room.settle();
    expect(part(room, 1)).toBeNull();
    machine.processes = [];
    Object.assign(machine.cards[0]!, { used: 0 });
    machine.tell();
    now += 5_000;
    await room.settle();
    expect(part(room, 1)).not.toBeNull();
  });

  it("is free where they use little, show a screen, or are this sweep's own", async () => {
    await used(7_000, [[1, 7_000]]);
    expect(use.foreign(machine.cards[0]!.uuid)).toBeNull();
    await used(70_000, [[process.pid, 70_000]]);
    expect(use.foreign(machine.cards[0]!.uuid)).toBeNull();
    machine.cards[0]!.display = true;
    await used(30_000);
    expect(use.foreign(machine.cards[0]!.uuid)).toBeNull();
  });

  it("is in use also where nobody tells by whom, unless a program of this sweep was there", async () => {
    const { uuid } = machine.cards[0]!;
    await used(40_000);
    expect(use.foreign(uuid)).toEqual({
      part: 0.5,
      words: "39 of 78 GiB used by processes out of sight",
    });
    use.ours(uuid, true);
    await used(40_000);
    expect(use.foreign(uuid)).toBeNull();
    use.ours(uuid, false);
    await use.look();
    expect(use.foreign(uuid)).toBeNull();
    await used(40_000);
    expect(use.foreign(uuid)!.part).toBe(0.5);
  });
});
