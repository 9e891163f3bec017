import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CellId, Fingerprint } from "../../../src/base/fingerprint.js";
import type { Plan, StagePresence } from "../../../src/plan/index.js";
import { idleAxes, pictureAsMermaid, pictureAsSvg, pictureOf } from "../../../src/plan/index.js";
import { Lab } from "../../support/engine.js";

/** A plan of as many cells as wanted behind one base; every second last stage is cached. */
function planOf(cells: number): { plan: Plan; presence: Map<Fingerprint, StagePresence> } {
  const base = "base" as Fingerprint;
  const stage = (runner: string, fingerprint: string, needs: readonly Fingerprint[]) =>
    ({
      record: { runner, fingerprint, inputs: Object.fromEntries(needs.entries()) },
      needs,
    }) as never;
  const stages = new Map([[base, stage('b & "c"', base, [])]]);
  const presence = new Map<Fingerprint, StagePresence>();
  const seen = (cached: boolean): StagePresence =>
    ({ manifest: cached ? {} : null, damage: null, wouldRun: !cached }) as never;
  presence.set(base, seen(false));
  for (let index = 0; index < cells; index += 1) {
    const fingerprint = `s${index}` as Fingerprint;
    stages.set(fingerprint, stage("model", fingerprint, [base]));
    presence.set(fingerprint, seen(index % 2 === 0));
  }
  const all = Array.from({ length: cells }, (_, index) => ({ stage: `s${index}` }));
  return { plan: { cells: all, stages } as never, presence };
}

describe("the picture of a plan", () => {
  it("has one node for each kind of stage, whatever the number of cells, in both forms", async () => {
    const { plan, presence } = planOf(10_000);
    const picture = pictureOf("big", plan, presence);
    const mermaid = pictureAsMermaid(picture).split("\n");
    expect(mermaid.slice(0, 5)).toEqual([
      "%% big: 10000 cells, 10001 stages",
      "flowchart LR",
      '  k0["b #38; #34;c#34;<br>1 stage<br>1 to run"]:::run',
      '  k1["model<br>10000 stages of 10000 cells<br>5000 cached, 5000 to run"]:::run',
      "  k0 -->|10000| k1",
    ]);
    const svg = await pictureAsSvg(picture);
    expect(svg.match(/class="node"/g)).toHaveLength(2);
    expect(svg.match(/class="edge"/g)).toHaveLength(1);
    for (const text of ["b &amp; &quot;c&quot;", "5000 cached, 5000 to run", "10001 stages"]) {
      expect(svg).toContain(`>${text}`.replace(">10001", "big: 10000 cells, 10001"));
    }
  });
});

describe("an axis that changes nothing", () => {
  const axis = (path: string, zip: number | null = null) => ({ path, values: [1, 2], zip });
  const cell = (axes: { [path: string]: number }, included = false) => ({
    id: JSON.stringify(axes) as CellId,
    settings: {},
    gpu: null,
    axes,
    included,
  });
  const both = [1, 2].flatMap((a) => [1, 2].map((b) => cell({ a, b })));
  const idle = (
    stage: (axes: { a: number; b: number }) => number,
    cells = both,
    zip: number | null = null,
  ) =>
    idleAxes(
      [axis("a", zip), axis("b", zip)],
      cells,
      (id) => String(stage(JSON.parse(id) as { a: number; b: number })) as Fingerprint,
    ).map(({ path }) => path);

  it("is one in which cells differ alone and still have the same last stage, everywhere", () => {
    expect(idle(({ a, b }) => 10 * a + b)).toEqual([]);
    expect(idle(({ a }) => a)).toEqual(["b"]);
    expect(idle(() => 0)).toEqual(["a", "b"]);
    // It changes something for one value of the other.
    expect(idle(({ a, b }) => (a === 1 ? 0 : b))).toEqual([]);
    // Its values never stand side by side.
    expect(idle(() => 0, [cell({ a: 1, b: 1 }), cell({ a: 2, b: 2 })])).toEqual([]);
    expect(idle(() => 0, [cell({ a: 1, b: 1 }), cell({ a: 2, b: 2 })], 0)).toEqual(["a", "b"]);
  });
});

describe("plan", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.open();
  });
  afterAll(() => lab.close());

  it("draws the graph and hints at an axis that changes nothing, at its line", async () => {
    const file = await lab.spec(
      "name: toy\nsweep:\n  grid: {toy.model: [a, b], toy.address: [x, y]}\n",
    );
    const drawn = await lab.run("plan", file, "--mermaid");
    expect(drawn.code).toBe(0);
    expect(drawn.stdout).toContain('k1["model<br>2 stages of 4 cells<br>2 to run"]');
    expect(drawn.stderr).toMatch(/spec\.yaml:3:3.*hint/s);
    expect(drawn.stderr).toContain(
      'the axis toy.address changes nothing: cells that differ in it alone ("x", "y")',
    );
    expect(drawn.stderr).not.toContain("the axis toy.model");
    const two = await lab.run("plan", file, "--svg", "--json");
    expect([two.code, two.stdout]).toEqual([2, ""]);
  });
});
