import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import {
  endTree,
  hostIdentity,
  identityOf,
  isAlive,
  killTree,
  processesOfTree,
  rebooted,
} from "../../../src/base/process.js";

/** Says `up` once its child, in a session of its own, runs; neither of the two heeds SIGTERM. */
const PARENT = `
const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
require("child_process")
  .spawn(process.execPath, ["-e", stubborn], { detached: true, stdio: "ignore" })
  .unref();
process.on("SIGTERM", () => {});
setInterval(() => {}, 1000);
setTimeout(() => console.log("up"), 50);
`;

async function start(variable: string, mark: string) {
  const child = spawn(process.execPath, ["-e", PARENT], {
    env: { ...process.env, [variable]: mark },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  return child;
}

const newMark = () => `test-${process.pid}-${Math.random()}`;

describe("a process tree", () => {
  it("is found by its mark and killed, grandchildren in sessions of their own included", async () => {
    const mark = newMark();
    const child = await start("R4EC_PROCESS_TREE", mark);
    expect(processesOfTree(mark)).toHaveLength(2);
    expect(isAlive(identityOf(child.pid))).toBe(true);
    expect(killTree(mark, "SIGKILL")).toBe(2);
    await once(child, "close");
    expect(processesOfTree(mark)).toEqual([]);
    expect(isAlive({ ...identityOf(), pid: child.pid! })).toBe(false);
  });

  it("is ended by a mark of another variable, while this process goes on", async () => {
    const mark = newMark();
    const child = await start("R4EC_TEST_MARK", mark);
    const other = newMark();
    const bystander = await start("R4EC_TEST_MARK", other);
    expect(processesOfTree(mark)).toEqual([]);
    expect(processesOfTree(mark, "R4EC_TEST_MARK")).toHaveLength(2);
    let turns = 0;
    const clock = setInterval(() => (turns += 1), 1);
    await endTree(mark, "R4EC_TEST_MARK");
    clearInterval(clock);
    expect(turns).toBeGreaterThan(0);
    expect(processesOfTree(mark, "R4EC_TEST_MARK")).toEqual([]);
    expect(isAlive(identityOf(bystander.pid))).toBe(true);
    await endTree(other, "R4EC_TEST_MARK");
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    expect(child.signalCode).toBe("SIGKILL");
  });
});

describe("a process of another boot", () => {
  const boot = (digit: string) => `${digit.repeat(8)}-1234-1234-1234-${"0".repeat(12)}`;
  const machine = (digit: string) => digit.repeat(32);
  const host = (...parts: string[]) => parts.join(" ");
  const before = host("node1", boot("a"), "pid:[4026531836]", machine("1"));

  it("is dead where the machine is the same", () => {
    expect(rebooted(before, host("node1", boot("b"), "pid:[4026531836]", machine("1")))).toBe(true);
    expect(rebooted(before, host("node1", boot("b"), machine("1")))).toBe(true);
    const here = hostIdentity();
    const earlier = here.replace(/ [0-9a-f]{8}-[-0-9a-f]{27}/, ` ${boot("a")}`);
    const known = earlier !== here && / [0-9a-f]{32}$/.test(here);
    expect(isAlive({ ...identityOf(), host: earlier })).toBe(
      known ? false : earlier === here || null,
    );
  });

  it.each([
    ["the boot is the same", before],
    ["the machine is another of that name", host("node1", boot("b"), machine("2"))],
    ["the name is another, of one image", host("node2", boot("b"), machine("1"))],
    ["the machine is not known", host("node1", boot("b"), "pid:[4026531836]")],
    ["the boot is not known", host("node1", machine("1"))],
  ])("is not known to be dead where %s", (_why, other) => {
    expect(rebooted(before, other)).toBe(false);
    expect(rebooted(other, before)).toBe(false);
  });
});
