import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNpy } from "../../runners/base/files/write-npy.js";
import { drawsOf } from "../../runners/base/stage/draws.js";
import { commandLine } from "../support/command-line.js";
import { writeRatings } from "../support/ratings.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";

const at = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
let folder: string;

const r4ec = commandLine(() => folder);

interface SweepJson {
  readonly outcome: string;
  readonly cells: readonly {
    readonly name: string;
    readonly metrics: { readonly [name: string]: number };
  }[];
}

async function sweep(spec: string): Promise<{ said: string; result: SweepJson }> {
  const { exitCode, stdout, stderr } = await r4ec("sweep", spec, "--json");
  expect(exitCode, stderr).toBe(0);
  return { said: stderr, result: JSON.parse(stdout) as SweepJson };
}

beforeAll(async () => {
  await testToolchain("tensorflow");
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-controls-"));
}, INSTALL_TIMEOUT);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("controls of profile on a sample of MovieLens-100K", () => {
  const spec = (control: string) => `
name: controls
dataset: { id: ml-100k, path: ${at("../data/ml-100k")} }
knowledge: { embed: encoder }
backbone: deepfm
ctr: { epochs: 1, batch_size: 64 }
tracking: { mlflow: "off" }
sweep:
  grid:
    knowledge.variant: [none, profile]
    knowledge.control: ${control}
    knowledge.embed.center: [false, true]
    seed: [1, 2]
compare: { baseline: { knowledge.variant: none }, metrics: [test.auc] }
`;

  it("run beside it, from the vectors that it has, once each", { timeout: 300_000 }, async () => {
    await writeFile(path.join(folder, "plain.yaml"), spec("[off]"));
    await writeFile(path.join(folder, "spec.yaml"), spec("[off, shuffled, random, constant]"));
    const plain = await sweep("plain.yaml");
    // none × 2; profile as it is and centred, × 2: with data set, texts, vectors and centring.
    expect(plain.said).toContain("10 stages to run, 0 cached");
    const { said, result } = await sweep("spec.yaml");
    expect(result.outcome).toBe("done");
    // New: shuffled twice, centred and not, random and constant, with their cells. What
    // centring changes nothing in is one cell, and a constant is one stage for both seeds.
    expect(said).toContain("15 stages to run, 10 cached");
    expect(result.cells).toHaveLength(2 + 4 + 4 + 2 + 2);
    for (const { metrics } of result.cells) expect(metrics["test.auc"]).toBeGreaterThan(0);
  });

  it("stand in the lineage of their cells, and in explain", { timeout: 120_000 }, async () => {
    const only = ["--only", "knowledge.control=shuffled,knowledge.embed.center=true,seed=2"];
    const log = await r4ec("log", "spec.yaml", ...only, "--json");
    const { lineage } = JSON.parse(log.stdout) as {
      lineage: { runner: string; label: string; metrics: { [name: string]: number } }[];
    };
    expect(lineage.map(({ runner }) => runner)).toEqual([
      ...["ctr", "control", "center", "embed", "profile", "dataset"],
    ]);
    expect(lineage[1]!.label).toBe("shuffled centred profile");
    // Everybody's vector is still there: the cosine is the centred vectors' own.
    expect(lineage[1]!.metrics["users.mean_cosine"]).toBeCloseTo(
      lineage[2]!.metrics["users.mean_cosine"]!,
      6,
    );
    const explained = await r4ec("explain", "spec.yaml", ...only);
    expect(explained.exitCode, explained.stderr).toBe(0);
    expect(explained.stdout).toContain("shuffled centred profile");
    const compared = await r4ec("compare", "spec.yaml");
    for (const control of ["shuffled", "random", "constant"]) {
      expect(compared.stdout).toContain(control);
    }
  });

  it("are not said to stand on a text about a user that they give away", async () => {
    const cellsOf = async (...only: string[]) => {
      const { stdout } = await r4ec("log", "spec.yaml", "--user", "1", ...only, "--json");
      if (stdout === "") return [];
      return (JSON.parse(stdout) as { texts: { names: string[] }[] }).texts.flatMap(
        ({ names }) => names,
      );
    };
    const names = await cellsOf();
    // Profile as it is and centred, two seeds.
    expect(names).toHaveLength(4);
    expect(names.join()).not.toMatch(/shuffled|random|constant/);
  }, 60_000);
});

describe("where labels depend on the user alone", () => {
  const USERS = 100;
  const ITEMS = 40;
  /** Cells beside the controls: with the user's id, and with tested users that nobody trained on. */
  const besides = [{ "ctr.user_id": true }, { "dataset.split.by": "users" }].flatMap((more) =>
    [
      { "knowledge.variant": "none" },
      { "knowledge.variant": "file", "knowledge.control": "random" },
    ].map((vectors) =>
      Object.entries({ ...vectors, ...more })
        .map(([path, value]) => `${path}: ${value}`)
        .join(", "),
    ),
  );
  let cells: SweepJson["cells"];

  /** Each user likes 85 % or 15 % of what comes, whatever it is. */
  beforeAll(async () => {
    const { index } = drawsOf("a synthetic data set");
    await writeRatings(path.join(folder, "synthetic"), {
      users: USERS,
      items: ITEMS,
      likes: (user) => index(100) < (user % 2 === 0 ? 85 : 15),
    });
    // Knowledge that says nothing: everybody has the same vector.
    const ones = (name: string, rows: number) =>
      writeNpy(path.join(folder, name), new Float32Array(rows * 32).fill(0.2), [rows, 32]);
    await ones("users.npy", USERS);
    await ones("items.npy", ITEMS);
    await writeFile(
      path.join(folder, "synthetic.yaml"),
      `
name: synthetic
dataset: { id: ml-100k, path: synthetic }
knowledge: { file: { users: users.npy, items: items.npy } }
backbone: dcnv2
ctr: { epochs: 20, patience: 5, batch_size: 64, learning_rate: 1e-3, history_length: 1 }
tracking: { mlflow: "off" }
sweep:
  grid:
    knowledge.variant: [none, file]
    knowledge.control: [off, random, constant]
    seed: [1, 2]
  include:
${[1, 2].flatMap((seed) => besides.map((cell) => `    - { ${cell}, seed: ${seed} }`)).join("\n")}
compare: { baseline: { knowledge.variant: none }, metrics: [test.auc] }
`,
    );
    cells = (await sweep("synthetic.yaml")).result.cells;
  }, 600_000);

  /** Test AUC of the cells whose names have all the words; one a seed. */
  const aucs = (...words: string[]): number[] => {
    const found = cells.filter(({ name }) => words.every((word) => name.split(" ").includes(word)));
    expect([words, found.length]).toEqual([words, 2]);
    return found.map(({ metrics }) => metrics["test.auc"]!);
  };
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value / values.length, 0);
  const [off, on] = ["user_id=false", "user_id=true"];
  /** What random vectors gain by time where no model has a user id. */
  const gap = (): number => mean(aucs("random", "time", off)) - mean(aucs("none", "time", off));

  it("random vectors beat none, and a constant does not", () => {
    const none = Math.max(...aucs("none", "time", off));
    expect(Math.min(...aucs("random", "time", off))).toBeGreaterThan(none + 0.05);
    expect(Math.max(...aucs("constant"))).toBeLessThan(none + 0.02);
  });

  it("the user's id closes the gap", () => {
    const [none, random] = [aucs("none", on), aucs("random", on)];
    expect(Math.min(...none)).toBeGreaterThan(Math.max(...aucs("none", "time", off)) + 0.05);
    expect(Math.abs(mean(random) - mean(none))).toBeLessThan(gap() / 3);
  });

  it("random vectors do not beat none on users whom training has not seen", () => {
    const gain = mean(aucs("random", "users")) - mean(aucs("none", "users"));
    expect(gain).toBeLessThan(gap() / 5);
  });
});
