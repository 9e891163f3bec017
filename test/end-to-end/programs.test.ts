import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine, LOCAL_MLFLOW } from "../support/command-line.js";
import { writeRatings } from "../support/ratings.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";
import { wheelFolder } from "../support/wheels.js";

/** A program that knows knowledge vectors alone: whom the vectors call good likes what they call good. */
const VECTORS = `
import json, os, sys
import numpy as np
p = json.load(open(sys.argv[1]))
here = lambda name: os.path.join(p["data"], name + ".npy")
load = lambda name: np.load(here(name))
known = os.path.exists(here("user_knowledge"))
assert known == (json.load(open(os.path.join(p["data"], "arrays.json")))["knowledge"] is not None)
for name, split in {"valid_predictions": "valid", "predictions": "test"}.items():
    user, item = load(split + ".user"), load(split + ".item")
    score = np.zeros(len(user))
    if known: score = (load("user_knowledge")[user] * load("item_knowledge")[item]).sum(1)
    np.save(f"{p['output']}/{name}.npy", (1 / (1 + np.exp(-score))).astype("float32"))
`;

const examples = path.resolve(import.meta.dirname, "../../experiments/programs");

describe("experiments/programs/programs.yaml, on a small data set", () => {
  let folder: string;
  let python: { readonly [name: string]: string };
  beforeAll(async () => {
    const { paths } = await testToolchain("llm");
    await testToolchain("tracking");
    const wheels = await wheelFolder("deepctr-torch==0.3.0", "deepctr_torch-0.3.0-");
    folder = await newFolder();
    const bin = path.join(paths.environments["llm"]!, "bin");
    const packages = path.join(folder, "packages");
    // The environment of the other tests has torch; the package itself is pure Python.
    const wheel = path.join(wheels, "deepctr_torch-0.3.0-py3-none-any.whl");
    await execa(path.join(bin, "python"), ["-m", "zipfile", "-e", wheel, packages]);
    python = { PATH: `${bin}:${process.env["PATH"]}`, PYTHONPATH: packages };
    cpSync(examples, folder, { recursive: true });
    const ratings = path.join(folder, "ratings");
    mkdirSync(ratings);
    const [users, items] = [24, 30];
    const likes = (user: number, position: number): boolean => (user * 7 + position * 5) % 3 === 0;
    await writeRatings(ratings, { users, items, likes });
    writeFileSync(path.join(folder, "vectors.py"), VECTORS);
    // Vectors whose products tell who likes what: writeRatings shows item i at a position that is
    // i + 1 modulo 3, so that a user u likes it where u + 2 i + 2 is 0 modulo 3.
    const lines = (count: number, turns: (id: number) => number): string =>
      Array.from({ length: count }, (_, n) => {
        const angle = (turns(n + 1) * 2 * Math.PI) / 3;
        const vector = [Math.cos(angle), Math.sin(angle)];
        return `${JSON.stringify({ id: String(n + 1), vector })}\n`;
      }).join("");
    writeFileSync(
      path.join(folder, "users.jsonl"),
      lines(users, (user) => user),
    );
    writeFileSync(
      path.join(folder, "items.jsonl"),
      lines(items, (item) => -2 * item - 2),
    );
    const spec = readFileSync(path.join(examples, "programs.yaml"), "utf8");
    const small = spec
      .replace("dataset: ml-100k", "dataset: { id: ml-100k, path: ratings }")
      .replace("epochs: 3", "epochs: 1")
      // One program more, with vectors, with those of others and without.
      .replace(
        "knowledge: none",
        "knowledge: { variant: none, file: { users: users.jsonl, items: items.jsonl } }",
      )
      .concat(
        "  include:\n",
        ...["none", "file", "file, knowledge.control: shuffled"].map(
          (variant) => `    - { backbone: *vectors, seed: 1, knowledge.variant: ${variant} }\n`,
        ),
      )
      .concat("compare: { baseline: { knowledge.variant: none }, metrics: [test.auc] }\n")
      .replace(
        "\nsweep:",
        "\nx-vectors: &vectors { name: vectors, command: [python, vectors.py], files: [vectors.py] }\nsweep:",
      );
    writeFileSync(path.join(folder, "programs.yaml"), small);
  }, INSTALL_TIMEOUT);
  afterAll(async () => {
    await r4ec("mlflow", "stop");
    await removeFolders();
  });

  const r4ec = (...args: readonly string[]) =>
    commandLine(() => folder, { ...python, ...LOCAL_MLFLOW })(...args);

  /** Backbone, variant and AUC of each cell, as MLflow has them. */
  async function runsInMlflow(): Promise<unknown[]> {
    const status = await r4ec("mlflow", "status", "--json");
    const { url } = JSON.parse(status.stdout) as { url: string };
    const call = async (path: string, body?: object): Promise<unknown> => {
      const init = body && {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      };
      return (await fetch(`${url}/api/2.0/mlflow/${path}`, init)).json();
    };
    const { experiment } = (await call("experiments/get-by-name?experiment_name=programs")) as {
      experiment: { experiment_id: string };
    };
    const { runs } = (await call("runs/search", {
      experiment_ids: [experiment.experiment_id],
      filter: "tags.`r4ec.kind` = 'cell'",
    })) as {
      runs: { data: Record<"params" | "metrics", { key: string; value: unknown }[]> }[];
    };
    return runs
      .map(({ data: { params, metrics } }) => [
        params.find(({ key }) => key === "backbone")?.value ??
          params.find(({ key }) => key === "backbone.name")?.value,
        params.find(({ key }) => key === "knowledge.variant")?.value,
        metrics.find(({ key }) => key === "test.auc")?.value,
      ])
      .sort();
  }

  it(
    "runs programs beside r4ec's DIN, with vectors and without, compares them and shows them in MLflow",
    { timeout: 300_000 },
    async () => {
      const { exitCode, stderr, stdout } = await r4ec("sweep", "programs.yaml");
      expect(exitCode, stderr + stdout).toBe(0);
      const compared = await r4ec("compare", "--json");
      const { metrics } = JSON.parse(compared.stdout) as {
        metrics: {
          metric: string;
          rows: { settings: object; variants: { mean: number }[] }[];
        }[];
      };
      const { rows } = metrics.find(({ metric }) => metric === "test.auc")!;
      expect(rows.map(({ settings }) => settings)).toEqual(
        ["din", "torch-din", "deepctr-din", "vectors"].map((backbone) => ({ backbone })),
      );
      const means = rows.map(({ variants }) => variants.map(({ mean }) => mean));
      const dins = means.slice(0, 3).map(([none]) => none!);
      expect(
        dins.every((mean) => mean > 0.2 && mean < 0.8),
        String(dins),
      ).toBe(true);
      expect(new Set(dins).size).toBe(3);
      // The vectors tell the labels, those of others do not, and without any there is nothing to tell.
      const [none, file, shuffled] = means[3]!;
      expect([none, file]).toEqual([0.5, 1]);
      expect(shuffled).toBeGreaterThan(0.2);
      expect(shuffled).toBeLessThan(0.9);
      expect(await runsInMlflow()).toEqual(
        [
          ...["din", "torch-din", "deepctr-din"].map((backbone, n) => [backbone, "none", dins[n]]),
          ...[
            ["vectors", "none", none],
            ["vectors", "file", file],
            ["vectors", "file", shuffled],
          ],
        ].sort(),
      );
      const again = await r4ec("sweep", "programs.yaml");
      expect(again.stderr + again.stdout).toContain("0 stages to run");
    },
  );
});
