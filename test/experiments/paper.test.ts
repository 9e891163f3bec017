import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine } from "../support/command-line.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = { controls: 0, shared: 0 };
const backbones = { cells: 4 * 8 * 18 * 5, teaches: 1, finetunes: 3, reflects: 1, ...own };
const kar = { cells: 2 * 8 * 18 * 5, teaches: 0, finetunes: 0, reflects: 0, ...own };
const iterations = { cells: (1 + 4) * 2 * 5, teaches: 1, finetunes: 3, reflects: 4, ...own };
const sizes = { cells: (4 + 4 * 4) * 5, teaches: 1, finetunes: 12, reflects: 4 * 4, ...own };
/** The same with controls: `shared` cells are those of the spec without, `controls` the stages. */
const controlled = {
  // none, and real, shuffled and random vectors; without and with a user id; two draws a seed.
  backbones: {
    ...{ ...backbones, finetunes: 2, cells: 4 * 2 * 8 * 18 * 5 },
    ...{ shared: 2 * 8 * 18 * 5, controls: 2 * 5 },
  },
  kar: { ...kar, cells: 4 * 2 * 8 * 18 * 5, shared: kar.cells, controls: 2 * 5 },
  // Real and shuffled vectors of every kind, without and with a user id.
  iterations: {
    ...iterations,
    cells: 4 * iterations.cells,
    shared: iterations.cells,
    controls: 25,
  },
  sizes: { ...sizes, cells: 4 * sizes.cells, shared: sizes.cells, controls: 20 * 5 },
};
const specs = ["amazon-books", "ml-1m"].flatMap((dataset) => [
  { file: `${dataset}-backbones`, ...backbones },
  { file: `${dataset}-kar`, ...kar },
  { file: `${dataset}-iterations`, ...iterations },
  { file: `${dataset}-sizes`, ...sizes },
  ...Object.entries(controlled).map(([kind, counts]) => ({
    file: `${dataset}-${kind}-controls`,
    ...counts,
  })),
]);

interface Estimate {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly gpuHours: number;
  readonly usd: number;
}
interface Planned {
  readonly cells: readonly {
    readonly id: string;
    readonly settings: { readonly [path: string]: unknown };
  }[];
  readonly stages: readonly { readonly fingerprint: string; readonly runner: string }[];
  readonly estimate: {
    readonly total: Estimate;
    readonly stages: { readonly [fingerprint: string]: Estimate };
  };
}

// Copies of the specs with small files where the raw data belongs: planning looks at what is there.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-paper-"));
  await cp(path.join(root, "experiments", "paper"), folder, { recursive: true });
  await cp(path.join(root, "test/data/amazon"), path.join(folder, "data"), { recursive: true });
  await cp(path.join(root, "test/data/ml-1m"), path.join(folder, "data/ml-1m"), {
    recursive: true,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const r4ec = commandLine(() => folder, { R4EC_GPUS: "" });
const plans = new Map<string, Promise<Planned>>();
/** The plan of a spec, made once: several tests look at it. */
const planOf = (file: string): Promise<Planned> => {
  const made = plans.get(file) ?? makePlan(file);
  plans.set(file, made);
  return made;
};
const makePlan = async (file: string): Promise<Planned> => {
  const { stdout, stderr, exitCode } = await r4ec("plan", `${file}.yaml`, "--estimate", "--json");
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as Planned;
};

describe("the specs that reproduce the paper", () => {
  it("are all planned here", async () => {
    const files = await readdir(path.join(root, "experiments", "paper"));
    const named = files.filter((file) => file.endsWith(".yaml")).sort();
    expect(named).toEqual(specs.map(({ file }) => `${file}.yaml`).sort());
  });

  it.each(specs)("$file is valid and plans $cells cells", { timeout: 300_000 }, async (spec) => {
    const checked = await r4ec("validate", `${spec.file}.yaml`, "--json");
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true });
    const plan = await planOf(spec.file);
    expect(plan.cells).toHaveLength(spec.cells);
    const count = (runner: string) => plan.stages.filter((s) => s.runner === runner).length;
    // What cells share is done once: one data set, one teacher, an adapter a model and role.
    const { teaches } = spec;
    const shared = [count("dataset"), count("teach-think"), count("teach-review")];
    expect(shared).toEqual([1, teaches, teaches]);
    expect(count("finetune")).toBe(spec.finetunes);
    expect([count("reflect"), count("refine")]).toEqual([spec.reflects, spec.reflects]);
    expect(count("ctr")).toBe(spec.cells);
    expect(count("control")).toBe(spec.controls);
    const { total, stages } = plan.estimate;
    expect(total.promptTokens).toBeGreaterThan(1e6);
    expect(total.completionTokens).toBeGreaterThan(1e6);
    expect(total.gpuHours).toBeGreaterThan(1);
    expect(total.gpuHours).toBeLessThan(5000);
    const sum = (name: keyof Estimate) =>
      Object.values(stages).reduce((all, stage) => all + stage[name], 0);
    for (const name of ["promptTokens", "gpuHours", "usd"] as const) {
      expect(total[name]).toBeCloseTo(sum(name), 3);
    }
  });

  it.each(specs.filter(({ controls }) => controls > 0))(
    "$file runs $shared cells of the spec without controls no second time",
    { timeout: 300_000 },
    async ({ file, shared }) => {
      const ids = async (name: string) => (await planOf(name)).cells.map(({ id }) => id);
      const without = new Set(await ids(file.replace("-controls", "")));
      const common = (await ids(file)).filter((id) => without.has(id));
      expect(common).toHaveLength(shared);
    },
  );

  it("reckon more for more iterations and for larger models", { timeout: 300_000 }, async () => {
    const hoursOf = ({ stages, estimate }: Planned, runner: string) =>
      stages
        .filter((stage) => stage.runner === runner)
        .map(({ fingerprint }) => estimate.stages[fingerprint]!.gpuHours);
    const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
    const once = hoursOf(await planOf("ml-1m-backbones"), "refine");
    const often = hoursOf(await planOf("ml-1m-iterations"), "refine");
    expect(sum(often)).toBeCloseTo(4 * sum(once), 3);
    const bySize = await planOf("ml-1m-sizes");
    expect(new Set(hoursOf(bySize, "think")).size).toBe(4);
    // The teacher is paid by the token: 6,000 thoughts and what follows from the wrong ones.
    expect(bySize.estimate.total.usd).toBeGreaterThan(15);
    expect(bySize.estimate.total.usd).toBeLessThan(180);
  });
});
