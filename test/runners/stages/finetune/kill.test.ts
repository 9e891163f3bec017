import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine } from "../../../support/command-line.js";
import { tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

const SAMPLES = fileURLToPath(new URL("../../../data/amz_user_refine.json", import.meta.url));
const EXCERPT = fileURLToPath(new URL("../../../data/ml-100k", import.meta.url));

let folder: string;
let fingerprint: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-kill-"));
  const environment = (await testToolchain("llm")).paths.environments["llm"]!;
  await tinyQwen2(environment, folder);
  const samples = JSON.parse(await readFile(SAMPLES, "utf8")) as unknown[];
  await writeFile(path.join(folder, "samples.json"), JSON.stringify(samples.slice(0, 64)));
  await writeFile(
    path.join(folder, "spec.yaml"),
    `
name: kill
dataset: { id: ml-100k, path: ${EXCERPT} }
knowledge:
  variant: r2ec
  users: 1
  items: 0
  actor: ./tiny-qwen2
  finetune:
    samples: { thinking: samples.json }
    epochs: 10
    batch_size: 2
    micro_batch_size: 2
    cutoff_len: 128
    save_steps: 20
    validation: 0
  infer: { engine: llamafactory, max_new_tokens: 8, cutoff_len: 256 }
  embed: encoder
backbone: deepfm
ctr: { batch_size: 64, epochs: 1 }
`,
  );
  const { stdout } = await r4ec("plan", "spec.yaml", "--json");
  const { stages } = JSON.parse(stdout) as { stages: { fingerprint: string; runner: string }[] };
  fingerprint = stages.find(({ runner }) => runner === "finetune")!.fingerprint;
}, INSTALL_TIMEOUT);
afterAll(async () => {
  for (const { pid } of await tree()) process.kill(pid, "SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

const r4ec = commandLine(() => folder, { R4EC_MLFLOW_URI: "off", HF_HUB_OFFLINE: "1" });

/** The processes of the fine-tuning, wherever they hang in the tree. */
async function tree(): Promise<{ pid: number; parent: number }[]> {
  const found: { pid: number; parent: number }[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/u.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
    if (!environment.includes(`R4EC_PROCESS_MARK=${fingerprint}`)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "latin1").catch(() => "");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state !== undefined && state !== "Z")
      found.push({ pid: Number(name), parent: Number(parent) });
  }
  return found;
}

const work = () => path.join(folder, "store", "work", fingerprint, "out");

/** Waits until a checkpoint stands that was written after step `above`; gives its step. */
async function checkpointAbove(above: number): Promise<number> {
  for (;;) {
    const names = existsSync(work()) ? await readdir(work()) : [];
    const whole = names.filter((name) => existsSync(path.join(work(), name, "trainer_state.json")));
    const steps = whole.flatMap((name) => /^checkpoint-(\d+)$/u.exec(name)?.[1] ?? []).map(Number);
    const last = Math.max(0, ...steps);
    if (last > above) return last;
    await sleep(100);
  }
}

/** Waits until none of these processes lives any more. */
async function untilGone(pids: ReadonlySet<number>): Promise<void> {
  for (let left = 100; left > 0; left--) {
    if (!(await tree()).some(({ pid }) => pids.has(pid))) return;
    await sleep(100);
  }
  expect((await tree()).filter(({ pid }) => pids.has(pid))).toEqual([]);
}

describe("fine-tuning that is killed, through the real command line", () => {
  let reached = 0;

  it("leaves nothing behind by kill -9 or SIGTERM", { timeout: 900_000 }, async () => {
    const sweep = r4ec("sweep", "spec.yaml");
    await checkpointAbove(0);
    const running = await tree();
    const pids = new Set(running.map(({ pid }) => pid));
    const worker = running.find(({ parent }) => !pids.has(parent))!.parent;
    process.kill(worker, "SIGKILL");
    await untilGone(pids);
    // A worker that dies is the machine's failure: the sweep tries the stage once more by itself.
    reached = await checkpointAbove(await checkpointAbove(0));
    expect((await tree()).length).toBeGreaterThan(0);
    sweep.kill("SIGTERM");
    const { exitCode, stderr } = await sweep;
    expect(stderr).toMatch(/SIGKILL.*the stage is tried again/u);
    expect(exitCode).toBe(130);
    expect(await tree()).toEqual([]);
  });

  it(
    "ends at once by a second Ctrl-C, also where it cannot save",
    { timeout: 600_000 },
    async () => {
      const sweep = r4ec("sweep", "spec.yaml");
      // The one of the Ctrl-C before is there already.
      reached = await checkpointAbove(await checkpointAbove(reached));
      const pids = new Set((await tree()).map(({ pid }) => pid));
      expect(pids.size).toBeGreaterThan(0);
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      sweep.kill("SIGINT");
      await sleep(2000);
      // The first one waits for a checkpoint, which a stopped process does not write.
      expect((await tree()).length).toBe(pids.size);
      sweep.kill("SIGINT");
      const { exitCode, signal, stderr } = await sweep;
      expect([exitCode, signal, stderr.slice(-2000)]).toEqual([130, undefined, expect.anything()]);
      await untilGone(pids);
    },
  );

  it("goes on in the next run, no step lost or told twice", { timeout: 600_000 }, async () => {
    const { exitCode, stderr } = await r4ec("sweep", "spec.yaml");
    expect(exitCode, stderr.slice(-3000)).toBe(0);
    const artifact = path.join(folder, "store", "artifacts", fingerprint.slice(0, 2), fingerprint);
    const log = (await readFile(path.join(artifact, "trainer_log.jsonl"), "utf8"))
      .trim()
      .split("\n");
    const steps = log
      .map((line) => JSON.parse(line) as { current_steps: number; loss?: number })
      .filter(({ loss }) => loss !== undefined)
      .map((line) => line.current_steps);
    // 64 samples by 2, 10 times.
    expect(steps).toEqual(Array.from({ length: 320 }, (_, step) => step + 1));
    expect(reached).toBeLessThan(320);
    const resumed = Number(/continues from the checkpoint at step (\d+)/u.exec(stderr)?.[1]);
    expect(resumed).toBeGreaterThanOrEqual(reached);
    expect(await tree()).toEqual([]);
  });
});
