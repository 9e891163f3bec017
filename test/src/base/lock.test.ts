import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockHolder, tryLock, waitForLock } from "../../../src/base/lock.js";
import { draftOf, draftState } from "../../../src/base/draft.js";
import { hostIdentity, hostParts, identityOf } from "../../../src/base/process.js";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-lock-"));
  file = path.join(folder, "lock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function take(name = file): ReturnType<typeof tryLock> {
  return tryLock(name, "test");
}

/** A process that runs until it is killed. */
async function sleeper(environment: NodeJS.ProcessEnv = {}): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("a lock", () => {
  it("is held by one, who is named to the others, and is free after its release", async () => {
    const first = await take();
    if (!("lock" in first)) throw new Error("not taken");
    const second = await take();
    expect("holder" in second && second.holder.pid).toBe(process.pid);
    expect((await lockHolder(file))?.purpose).toBe("test");
    await first.lock.release();
    expect(await lockHolder(file)).toBeNull();
    expect("lock" in (await take())).toBe(true);
  });

  it("is broken when its holder was killed", async () => {
    const child = await sleeper();
    const mine = await take();
    if (!("lock" in mine)) throw new Error("not taken");
    await mine.lock.handTo(child.pid!, "some-tree");
    expect("holder" in (await take())).toBe(true);
    child.kill("SIGKILL");
    await once(child, "close");
    expect("lock" in (await take())).toBe(true);
    // The one who handed it over must not take it from its new holder.
    await mine.lock.release();
    expect(await lockHolder(file)).not.toBeNull();
  });

  it("is broken when another process has got its holder's pid", async () => {
    const holder = { ...identityOf(), start: "1", token: "t", purpose: "old", tree: null };
    await writeFile(file, JSON.stringify(holder));
    expect("lock" in (await take())).toBe(true);
  });

  it("is broken when its file is damaged", async () => {
    await writeFile(file, "{");
    expect("lock" in (await take())).toBe(true);
  });

  it("is broken although the one who broke it before died at it", async () => {
    const dead = { ...identityOf(), start: "1", purpose: "", tree: null };
    await writeFile(file, JSON.stringify({ ...dead, token: "a" }));
    await writeFile(`${file}.a.break`, JSON.stringify({ ...dead, token: "b" }));
    expect("lock" in (await take())).toBe(true);
  });

  it("held on another machine is respected while its file may still be touched", async () => {
    const far = { pid: 1, start: "1", host: "elsewhere", token: "t", purpose: "far", tree: null };
    await writeFile(file, JSON.stringify(far));
    const outcome = await take();
    expect("holder" in outcome && outcome.holder.host).toBe("elsewhere");
  });

  it("of an earlier boot of this machine is broken at once", async () => {
    const { boot, machine } = hostParts(hostIdentity());
    const earlier = hostIdentity().replace(boot ?? " ", "00000000-0000-4000-8000-000000000000");
    const holder = { pid: 1, start: "1", host: earlier, token: "t", purpose: "", tree: null };
    await writeFile(file, JSON.stringify(holder));
    // Without a machine's id nobody can say that it is this machine: then the holder is respected.
    expect("lock" in (await take())).toBe(boot !== null && machine !== null);
  });

  it("leaves nothing beside it of those who died at taking, handing on or breaking it", async () => {
    const gone = { ...identityOf(), start: "1" };
    await writeFile(file, JSON.stringify({ ...gone, token: "a", purpose: "", tree: null }));
    await writeFile(
      `${file}.a.break`,
      JSON.stringify({ ...gone, token: "b", purpose: "", tree: null }),
    );
    await writeFile(`${file}.x.break`, "{");
    await writeFile(draftOf(file, gone), "");
    await writeFile(draftOf(`${file}.a.break`, gone), '{"pid":');
    const elsewhere = draftOf(file, { pid: 1, start: "1", host: "elsewhere" });
    const other = draftOf(`${file}-of-another`, gone);
    for (const kept of [elsewhere, other]) await writeFile(kept, "");
    const lock = await waitForLock(file, "test");
    const left = (await readdir(folder)).sort();
    expect(left).toEqual([elsewhere, file, other].map((one) => path.basename(one)).sort());
    await lock.release();
  });

  it("is taken by exactly one of many who break it at once", async () => {
    const dead = { ...identityOf(), start: "1", token: "dead", purpose: "", tree: null };
    for (let round = 0; round < 20; round++) {
      const name = path.join(folder, `many-${round}`);
      await writeFile(name, JSON.stringify(dead));
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => take(name)));
      expect(outcomes.filter((one) => "lock" in one)).toHaveLength(1);
    }
    expect((await readdir(folder)).filter((name) => name.includes("draft"))).toEqual([]);
  });

  it("is waited for, and the wait ends with the signal", async () => {
    const mine = await take();
    if (!("lock" in mine)) throw new Error("not taken");
    const met: number[] = [];
    const second = waitForLock(file, "second", { waiting: ({ pid }) => met.push(pid) });
    const abort = new AbortController();
    const third = waitForLock(file, "third", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(third).rejects.toThrow("enough");
    await mine.lock.release();
    await second;
    expect(met).toEqual([process.pid]);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ purpose: "second" });
  });
});

describe("a draft's name", () => {
  const host = (boot: string, machine: string, namespace = "pid:[4026531836]") =>
    `node1 ${boot.repeat(8)}-0000-4000-8000-000000000000 ${namespace} ${machine.repeat(32)}`;

  it("says whether its writer lives", () => {
    expect(draftState(path.basename(draftOf(file)))).toBe("alive");
    expect(draftState(path.basename(draftOf(file, { ...identityOf(), start: "1" })))).toBe("dead");
  });

  it.each([
    ["of another boot of this machine is dead", "a", "1", undefined, "dead"],
    ["of another machine of that name is not known", "a", "2", undefined, "unknown"],
    ["of another container of this boot is not known", "b", "1", "pid:[1]", "unknown"],
  ] as const)("%s", (_what, boot, machine, namespace, state) => {
    const writer = { pid: process.pid, start: "1", host: host(boot, machine, namespace) };
    expect(draftState(path.basename(draftOf(file, writer)), host("b", "1"))).toBe(state);
  });

  it("is that of no other file, and earlier versions' are known too", () => {
    for (const name of [".seal", "manifest.json", "lock.0123.break", ".gitignore", "a.draft"])
      expect(draftState(name)).toBe("none");
    for (const name of [".spec.yaml.123.0123abcd", "lock.123.0123456789ab.draft"])
      expect(draftState(name)).toBe("unknown");
  });
});
