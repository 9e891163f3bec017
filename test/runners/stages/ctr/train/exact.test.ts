import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { random } from "../../../../../runners/stages/ctr/toolkit/random.js";
import { Scratch } from "./task.js";

vi.setConfig({ testTimeout: 300_000 });

const program = fileURLToPath(new URL("../../../../../bin/r4ec.js", import.meta.url));
const scratch = new Scratch();

/** Ratings in MovieLens-100K's own form. */
async function writeRatings(folder: string): Promise<void> {
  const { uniform } = random(3, "ratings");
  const [users, items, length] = [60, 50, 40];
  const movies = Array.from({ length: items }, (_, i) => {
    const genres = Array.from({ length: 19 }, (_, genre) => (genre === 1 + (i % 6) ? 1 : 0));
    return `${i + 1}|Film ${i + 1} (1995)|01-Jan-1995||http://example.org/${i + 1}|${genres.join("|")}\n`;
  });
  const ratings: string[] = [];
  for (let user = 1; user <= users; user++) {
    for (let at = 0; at < length; at++) {
      const item = 1 + ((user * 7 + at) % items);
      const rating = 1 + Math.floor(uniform() * 5);
      ratings.push(`${user}\t${item}\t${rating}\t${978300000 + at * 86400}\n`);
    }
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "u.item"), movies.join(""));
  await writeFile(join(folder, "u.data"), ratings.join(""));
}

/** A spec of two cells that may train as one graph. */
const spec = (fuse: string): string => `
name: exact-${fuse}
dataset: {id: ml-100k, path: ratings}
backbone: deepfm
ctr: {batch_size: 64, epochs: 12, patience: 12, dropout: 0.1, fuse: ${fuse}}
sweep: {grid: {seed: [1, 2]}}
tracking: {mlflow: "off"}
`;

beforeAll(async () => {
  await writeRatings(join(scratch.path, "ratings"));
  for (const fuse of ["auto", "2", "off"]) {
    await writeFile(join(scratch.path, `${fuse}.yaml`), spec(fuse));
  }
});
afterAll(() => scratch.remove());

/** The real command line over a store of that name. */
const r4ec = (store: string, ...args: string[]) =>
  execa(process.execPath, [program, ...args], {
    cwd: scratch.path,
    reject: false,
    env: { R4EC_STORE: join(scratch.path, store), R4EC_GPUS: "none", NO_COLOR: "1" },
  });

interface Plan {
  readonly cells: readonly { readonly stage: string }[];
  readonly stages: readonly { readonly runner: string; readonly cached: boolean }[];
}

const planOf = async (store: string, fuse: string): Promise<Plan> =>
  JSON.parse((await r4ec(store, "plan", `${fuse}.yaml`, "--json")).stdout) as Plan;

const file = (store: string, stage: string, name: string): Buffer =>
  readFileSync(join(scratch.path, store, "artifacts", stage.slice(0, 2), stage, name));

/** What decides over bit-equality: all but how long it took. */
const resultsOf = (store: string, stage: string): readonly unknown[] => {
  const metrics = JSON.parse(file(store, stage, "metrics.json").toString()) as object;
  const weights = file(store, stage, "weights.safetensors").toString("base64");
  return [{ ...metrics, samples_per_second: undefined }, weights];
};

describe("ctr.fuse: off", () => {
  it("takes no fused result, and is bit-equal in another store and across a kill", async () => {
    expect((await r4ec("one", "sweep", "2.yaml")).exitCode).toBe(0);
    const before = await planOf("one", "off");
    const cached = before.stages.map(({ runner, cached }) => [runner, cached]);
    expect(cached.filter(([runner]) => runner === "ctr")).toEqual([
      ["ctr", false],
      ["ctr", false],
    ]);
    expect(cached).toContainEqual(["dataset", true]);
    expect((await r4ec("one", "sweep", "off.yaml")).exitCode).toBe(0);

    const stages = before.cells.map(({ stage }) => stage);
    const killed = r4ec("two", "sweep", "off.yaml");
    const checkpoints = stages.map((stage) =>
      join(scratch.path, "two", "work", stage, "checkpoint.safetensors"),
    );
    await vi.waitFor(() => expect(checkpoints.some((path) => existsSync(path))).toBe(true), {
      timeout: 200_000,
      interval: 5,
    });
    killed.kill("SIGKILL");
    expect((await killed).signal).toBe("SIGKILL");
    const left = stages.filter((stage) => {
      return !existsSync(join(scratch.path, "two", "artifacts", stage.slice(0, 2), stage));
    });
    expect(left.length).toBeGreaterThan(0);
    expect((await r4ec("two", "sweep", "off.yaml")).exitCode).toBe(0);
    for (const stage of stages) expect(resultsOf("two", stage)).toEqual(resultsOf("one", stage));
  });

  it("alone is part of what decides a result", async () => {
    const of = async (fuse: string): Promise<string[]> =>
      (await planOf("none", fuse)).cells.map(({ stage }) => stage);
    const fused = await of("auto");
    expect(await of("2")).toEqual(fused);
    expect((await of("off")).some((stage) => fused.includes(stage))).toBe(false);
  });
});
