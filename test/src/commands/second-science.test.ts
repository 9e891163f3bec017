import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lab } from "../../support/engine.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const spec =
  "name: toy\nresources: {toys_per_card: 3}\nsweep:\n  grid: {toy.model: [a, bcd]}\n" +
  "compare: {baseline: {toy.model: a}, metrics: [value]}\n";

describe("a second science through the same program", () => {
  it("brings its settings, its starter, its headline metrics and a command of its own", async () => {
    const file = await lab.spec(spec);
    expect((await lab.run("--help")).stdout).toContain("Runs toys.");
    expect((await lab.run("init", "mine.yaml")).code).toBe(0);
    expect(await readFile(path.join(lab.folder, "mine.yaml"), "utf8")).toContain("first-toy");
    expect((await lab.run("validate", file)).code).toBe(0);
    const wrong = await lab.spec(spec.replace("toys_per_card: 3", "ctr_per_gpu: 3"), "wrong.yaml");
    const refused = await lab.run("validate", wrong);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("toys_per_card")]);

    const plan = JSON.parse((await lab.run("plan", file, "--json")).stdout) as {
      readonly cells: readonly { readonly id: string }[];
    };
    const swept = await lab.run("sweep", file);
    expect(swept.code).toBe(0);
    expect(swept.stderr).toContain("value 3.0000");
    expect((await lab.run("status")).stdout).toContain("model bcd");
    expect((await lab.run("compare", file)).stdout).toContain("value");

    // Its own command finds artifacts by a cell's id, and makes a stage here where it is missing.
    const shouted = await lab.run("shout", plan.cells[1]!.id);
    expect([shouted.code, shouted.stdout]).toEqual([0, expect.stringContaining("BCD")]);
    const made = await lab.run("shout", await lab.spec("name: t\ntoy: {base: fresh}\n", "b.yaml"));
    expect([made.code, made.stdout]).toEqual([0, "BASE FRESH\n"]);
    expect(lab.log()).toContain("end fresh");
    const unknown = await lab.run("shout", "0123456789");
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("no model")]);
  });
});
