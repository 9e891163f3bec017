import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { engineOf } from "../../../src/commands/engine.js";
import type { ArtifactKind, Engine } from "../../../src/contract/engine.js";
import type { Comparison } from "../../../src/report/index.js";
import { Lab } from "../../support/engine.js";
import { science } from "../../support/toy/science.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const spec = "name: toy\nsweep:\n  grid: {toy.model: [a, b]}\n";

const kind: ArtifactKind = { runner: "model", file: "out.txt", word: "model", hint: "give one" };

/** What may have happened to an artifact since it was made. */
const damages: { readonly [how: string]: (artifact: string) => Promise<void> } = {
  "a changed byte": async (artifact) => {
    const file = path.join(artifact, "out.txt");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase());
  },
  "a file cut short": (artifact) => writeFile(path.join(artifact, "out.txt"), ""),
  "a missing file": (artifact) => rm(path.join(artifact, "out.txt")),
  "a file more": (artifact) => writeFile(path.join(artifact, "users.npy"), "x"),
  "no manifest": (artifact) => rm(path.join(artifact, "manifest.json")),
  "no folder": (artifact) => rm(artifact, { recursive: true }),
};

describe("an artifact that a command reads", () => {
  let engine: Engine;
  const open = async (): Promise<void> => {
    engine = await engineOf({ store: lab.store }, science);
  };

  it.each(Object.entries(damages))("is refused with %s, as an input too", async (_, damage) => {
    expect((await lab.run("sweep", await lab.spec(spec))).code).toBe(0);
    await open();
    const model = await lab.fingerprint("model a");
    const middle = await lab.fingerprint("base base");
    const found = await engine.find(model, kind);
    const [input] = Object.keys(found.facts.inputs);
    expect(await engine.inputOf(found, input!)).toBe(lab.artifact(middle));
    await damage(lab.artifact(middle));
    await expect(engine.inputOf(found, input!)).rejects.toMatchObject({ exitCode: 3 });
    await damage(lab.artifact(model));
    for (const name of [model, lab.artifact(model)]) {
      await expect(engine.find(name, kind)).rejects.toMatchObject({
        message: expect.stringMatching(/is damaged|there is no model/) as string,
      });
    }
  });

  it("is not found in a folder that no manifest's store stands around", async () => {
    await lab.run("sweep", await lab.spec(spec));
    await open();
    const model = await lab.fingerprint("model a");
    // The true artifact stands where the store of such a folder would have it.
    const copy = path.join(lab.store, "copies", model.slice(0, 2), model);
    await mkdir(copy, { recursive: true });
    await writeFile(path.join(copy, "out.txt"), "another text");
    await expect(engine.find(copy, kind)).rejects.toThrow(/is in no store/);
  });

  it("loses what does not belong to it before a sweep reads it, and is not made again", async () => {
    const file = await lab.spec(spec);
    await lab.run("sweep", file);
    const middle = await lab.fingerprint("base base");
    await writeFile(path.join(lab.artifact(middle), "users.npy"), "x");
    await rm(lab.artifact(await lab.fingerprint("model a")), { recursive: true });
    lab.forgetLog();
    const { code, stderr } = await lab.run("sweep", file);
    expect(code).toBe(0);
    expect(stderr).toMatch(/users\.npy lies in it and is not in its manifest/);
    expect(lab.log().filter((line) => line.startsWith("start"))).toEqual(["start a"]);
  });
});

describe("compare", () => {
  const formats = [[], ["--json"], ["--csv"], ["--markdown"], ["--latex"]];
  it.each(formats)("says in every form that the journal is damaged: %s", async (...format) => {
    const file = await lab.spec(spec);
    await lab.run("sweep", file);
    expect((await lab.run("compare", file, ...format)).code).toBe(0);
    const { sweep } = await lab.state();
    const journal = path.join(lab.store, "sweeps", sweep, "journal.ndjson");
    const lines = (await readFile(journal, "utf8")).split("\n");
    const at = lines.findIndex((line) => line.includes('"stage-finished"')) + 1;
    expect(at).toBeGreaterThan(0);
    lines[at - 1] = lines[at - 1]!.replace(/\d/g, "7");
    await writeFile(journal, lines.join("\n"));
    const { code, stdout, stderr } = await lab.run("compare", file, ...format);
    expect(code).toBe(3);
    const said = format[0] === "--csv" ? stderr : stdout;
    expect(said).toMatch(new RegExp(`line ${at} of the sweep's journal cannot be used`));
  });
});

describe("compare A B", () => {
  it("puts sweeps into one table, each by its spec with settings behind it, or by its name", async () => {
    const compared = "compare: {baseline: {toy.model: a}, metrics: [value]}\n";
    const first = await lab.spec(`name: first\ntoy: {model: a}\n${compared}`, "first.yaml");
    const second = await lab.spec("name: second\ntoy: {model: b}\n", "second.yaml");
    for (const call of [[first], [second], [second, "toy.model=cde"]]) {
      expect((await lab.run("sweep", ...call)).code).toBe(0);
    }
    const all = await lab.run("compare", first, "second.yaml", second, "toy.model=cde", "--json");
    const { experiment, cells, metrics } = JSON.parse(all.stdout) as Comparison;
    expect([all.code, experiment, cells.finished]).toEqual([0, "first + second", 3]);
    const shown = metrics[0]!.rows[0]!.variants.map(({ settings, mean, difference }) => [
      settings["toy.model"],
      mean,
      difference?.mean ?? null,
    ]);
    expect(shown).toEqual([
      ["a", 1, null],
      ["b", 1, 0],
      ["cde", 3, 2],
    ]);
    const named = await lab.run("compare", "first", "second", "--latex");
    expect([named.code, named.stdout]).toEqual([0, expect.stringContaining("\\toprule")]);
    const wrong = await lab.run("compare", "toy.model=b", second);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("toy.model=b stands before any spec that it could change"),
    ]);
  });
});

describe("select", () => {
  it("with nothing to pick is said, and is no success", async () => {
    const file = await lab.spec(`${spec}select: {metric: valid.auc, over: [toy.model]}\n`);
    const line = /error: select by valid\.auc: .*nothing was picked: none of the 2 candidates/;
    for (const command of ["sweep", "compare"]) {
      const { code, stderr } = await lab.run(command, file);
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toMatch(line);
    }
    expect((await lab.run("sweep", file, "--json")).code).toBe(1);
    const good = await lab.spec(`${spec}select: {metric: test.auc, over: [toy.model]}\n`, "g.yaml");
    expect((await lab.run("sweep", good)).code).toBe(0);
    expect((await lab.run("compare", good)).code).toBe(0);
  });
});
