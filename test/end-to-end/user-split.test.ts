import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDataset, type Dataset } from "../../runners/base/artifacts/dataset.js";
import { decodeSafetensors, type NamedTensor } from "../../runners/base/files/safetensors.js";
import { drawsOf } from "../../runners/base/stage/draws.js";
import { commandLine } from "../support/command-line.js";
import { writeRatings } from "../support/ratings.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";

const USERS = 60;
const ITEMS = 40;
let folder: string;

const spec = (data: string): string => `
name: by-users
dataset: { id: ml-100k, path: ${data}, split: { by: users, folds: 5, fold: 2 } }
knowledge: none
ctr: { user_id: true, epochs: 2, batch_size: 64 }
tracking: { mlflow: "off" }
sweep: { grid: { backbone: [deepfm, din] } }
`;

/** A finished cell, or a stage behind it. */
interface Stage {
  readonly runner: string;
  readonly fingerprint: string;
  readonly label: string;
  readonly metrics: { readonly [name: string]: number };
}

const run = commandLine(() => folder);
const r4ec = async (...args: string[]): Promise<unknown> => {
  const { exitCode, stdout, stderr } = await run(...args, "--json");
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
};

type Likes = (user: number, position: number) => boolean;

/** From made-up ratings to trained cells: the cells by label, and what stands behind them. */
async function train(name: string, likes: Likes) {
  await writeRatings(path.join(folder, name), { users: USERS, items: ITEMS, likes });
  await writeFile(path.join(folder, `${name}.yaml`), spec(name));
  await r4ec("sweep", `${name}.yaml`);
  const { lineage } = (await r4ec("log", `${name}.yaml`)) as { lineage: Stage[] };
  const of = (runner: string): Stage[] => lineage.filter((stage) => stage.runner === runner);
  const data = await readDataset(folderOf(of("dataset")[0]!), folderOf(of("split")[0]!));
  return { cells: new Map(of("ctr").map((cell) => [cell.label, cell])), data };
}
type Trained = Awaited<ReturnType<typeof train>>;

const folderOf = ({ fingerprint }: Stage): string =>
  path.join(folder, "store", "artifacts", fingerprint.slice(0, 2), fingerprint);

async function weightsOf(cell: Stage): Promise<ReadonlyMap<string, NamedTensor>> {
  const weights = decodeSafetensors(
    await readFile(path.join(folderOf(cell), "weights.safetensors")),
  );
  if (!weights.ok) throw new Error(weights.error);
  return weights.value.tensors;
}

const usersOf = ({ interactionUser }: Dataset, rows: Int32Array): Set<number> =>
  new Set(Array.from(rows, (row) => interactionUser[row]!));

const valid = ({ metrics }: Stage) =>
  Object.entries(metrics).filter(([name]) => name.startsWith("valid."));

describe("training on a split by users", () => {
  let first: Trained;
  const liked: boolean[] = [];
  const position = (user: number, at: number): number => (user - 1) * ITEMS + at;

  beforeAll(async () => {
    await testToolchain("tensorflow");
    folder = await mkdtemp(path.join(tmpdir(), "r4ec-by-users-"));
    const { index } = drawsOf("a synthetic data set");
    first = await train("first", (user, at) => {
      const likes = index(100) < (user % 2 === 0 ? 85 : 15);
      liked[position(user, at)] = likes;
      return likes;
    });
  }, INSTALL_TIMEOUT);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The same data, but these users like from their first sample on what they did not like. */
  const turned =
    (users: ReadonlySet<number>): Likes =>
    (user, at) =>
      liked[position(user, at)]! !== (users.has(user) && at >= 11);

  it("is not changed by anything that a tested user likes", { timeout: 60_000 }, async () => {
    const tested = usersOf(first.data, first.data.test);
    expect(tested.size).toBe(USERS / 5);
    const second = await train("second", turned(tested));
    expect(usersOf(second.data, second.data.test)).toEqual(tested);
    expect([...first.cells.keys()].sort()).toEqual(["ctr deepfm", "ctr din"]);
    for (const [label, cell] of first.cells) {
      const other = second.cells.get(label)!;
      expect(await weightsOf(other)).toEqual(await weightsOf(cell));
      expect(valid(other)).toEqual(valid(cell));
      expect(other.metrics["test.auc"]).not.toBe(cell.metrics["test.auc"]);
    }
  });

  it("is changed by what a user likes who is trained on", { timeout: 60_000 }, async () => {
    const [held, tested] = [first.data.valid, first.data.test].map((rows) =>
      usersOf(first.data, rows),
    );
    const trained = [...usersOf(first.data, first.data.train)].find((user) => !held!.has(user))!;
    expect(tested!.has(trained)).toBe(false);
    const third = await train("third", turned(new Set([trained])));
    for (const [label, cell] of first.cells) {
      expect(await weightsOf(third.cells.get(label)!)).not.toEqual(await weightsOf(cell));
    }
  });

  it("gives users whom it has not seen the mean id, and counts them", async () => {
    const { data, cells } = first;
    const unseen = new Set([...usersOf(data, data.valid), ...usersOf(data, data.test)]);
    for (const cell of cells.values()) {
      expect(cell.metrics).toMatchObject({
        "unseen.valid.users": usersOf(data, data.valid).size,
        "unseen.valid.samples": data.valid.length,
        "unseen.test.users": USERS / 5,
        "unseen.test.samples": data.test.length,
      });
      const { data: table, shape } = (await weightsOf(cell)).get("user_embedding")!;
      expect(shape[0]).toBe(USERS + 1);
      const width = shape[1]!;
      const row = (user: number): number[] => [...table.slice(user * width, (user + 1) * width)];
      const seen = Array.from({ length: USERS }, (_, i) => i + 1).filter(
        (user) => !unseen.has(user),
      );
      const mean = Array.from(
        { length: width },
        (_, i) => seen.reduce((sum, user) => sum + row(user)[i]!, 0) / seen.length,
      );
      const distance = (user: number): number =>
        Math.max(...row(user).map((x, i) => Math.abs(x - mean[i]!)));
      for (const user of unseen) expect(distance(user)).toBeLessThan(1e-6);
      for (const user of seen) expect(distance(user)).toBeGreaterThan(1e-3);
    }
  });
});
