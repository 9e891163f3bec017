import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine } from "../support/command-line.js";
import { writeRatings } from "../support/ratings.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../support/toolchain.js";
import { wheelFolder } from "../support/wheels.js";

const examples = path.resolve(import.meta.dirname, "../../experiments/programs");

describe("experiments/programs/programs.yaml, on a small data set", () => {
  let folder: string;
  let python: { readonly [name: string]: string };
  beforeAll(async () => {
    const { paths } = await testToolchain("llm");
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
    const likes = (user: number, position: number): boolean => (user * 7 + position * 5) % 3 === 0;
    await writeRatings(ratings, { users: 24, items: 30, likes });
    const spec = readFileSync(path.join(examples, "programs.yaml"), "utf8");
    const small = spec
      .replace("dataset: ml-100k", "dataset: { id: ml-100k, path: ratings }")
      .replace("epochs: 3", "epochs: 1");
    writeFileSync(path.join(folder, "programs.yaml"), small);
  }, INSTALL_TIMEOUT);
  afterAll(removeFolders);

  const r4ec = (...args: readonly string[]) =>
    commandLine(() => folder, { ...python, R4EC_MLFLOW_URI: "off" })(...args);

  it("runs both programs beside r4ec's DIN and compares them", { timeout: 300_000 }, async () => {
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
      ["din", "torch-din", "deepctr-din"].map((backbone) => ({ backbone })),
    );
    const means = rows.map(({ variants }) => variants[0]!.mean);
    expect(
      means.every((mean) => mean > 0.2 && mean < 0.8),
      String(means),
    ).toBe(true);
    expect(new Set(means).size).toBe(3);
    const again = await r4ec("sweep", "programs.yaml");
    expect(again.stderr + again.stdout).toContain("0 stages to run");
  });
});
