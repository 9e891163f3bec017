import { describe, expect, it } from "vitest";
import { diagnosticsOf, read, said, spec } from "./read.js";

/** One mistake: the text after spec()'s three lines, and all errors it must give. */
const cases: readonly (readonly [name: string, rest: string, ...errors: string[]])[] = [
  [
    "an unknown setting",
    "ctr:\n  learning_rte: 1e-3\n",
    '5:3 unknown setting "learning_rte" in ctr; did you mean learning_rate?',
  ],
  [
    "an unknown setting at the top",
    "knowlege: none\n",
    '4:1 unknown setting "knowlege"; did you mean knowledge?',
  ],
  [
    "a setting in the wrong block",
    "batch_size: 12\n",
    '4:1 unknown setting "batch_size"; did you mean ctr.batch_size?',
  ],
  [
    "initials for a name",
    "ctr: {lr: 1}\n",
    '4:7 unknown setting "lr" in ctr; did you mean learning_rate?',
  ],
  [
    "another spelling",
    "ctr: {batchSize: 1}\n",
    '4:7 unknown setting "batchSize" in ctr; did you mean batch_size?',
  ],
  ["a wrong type", "ctr: {epochs: ten}\n", '4:15 ctr.epochs must be a whole number, not "ten"'],
  [
    "a number in quotes",
    'ctr: {epochs: "10"}\n',
    '4:15 ctr.epochs must be a whole number, not "10"; remove the quotes',
  ],
  [
    "a number in quotes, where some texts are right",
    'knowledge: {variant: r4ec, finetune: {room: "2"}}\n',
    '4:45 knowledge.finetune.room is a text, "2"; remove the quotes to make it a number',
  ],
  [
    "a text, where some others are right",
    "knowledge: {variant: r4ec, finetune: {room: 2 G}}\n",
    '4:45 knowledge.finetune.room: "2 G" does not fit. How much it takes: 2, or 3G.',
  ],
  [
    "a fraction for a whole number",
    "ctr: {epochs: 1.5}\n",
    "4:15 ctr.epochs must be a whole number, not 1.5",
  ],
  [
    "YAML 1.1's yes",
    "ctr: {shuffle: yes}\n",
    '4:16 ctr.shuffle must be true or false, not "yes" (YAML 1.2 knows only true and false)',
  ],
  [
    "a block left empty",
    "ctr:\n",
    "4:1 ctr must be a mapping, not nothing; write {learning_rate: 0.001, batch_size: 512}",
  ],
  ["a scalar for a list", "ctr: {mlp: 200}\n", "4:12 ctr.mlp must be a list, not 200; write [200]"],
  ["an item of a list", "ctr: {mlp: [200, 0]}\n", "4:18 ctr.mlp[1] must be at least 1, not 0"],
  ["an empty list", "ctr: {mlp: []}\n", "4:12 ctr.mlp needs at least 1 value"],
  ["out of range", "ctr: {epochs: 0}\n", "4:15 ctr.epochs must be at least 1, not 0"],
  [
    "out of an open range",
    "ctr: {learning_rate: 0}\n",
    "4:22 ctr.learning_rate must be more than 0, not 0",
  ],
  [
    "an unknown variant in short form",
    "knowledge: r4\n",
    '4:12 unknown value "r4" for knowledge; it must be one of none, profile, r4ec',
  ],
  [
    "an unknown variant in long form",
    "knowledge: {variant: proflie}\n",
    '4:22 unknown value "proflie" for knowledge.variant; did you mean profile? (one of none, profile, r4ec)',
  ],
  [
    "a value of no form",
    "knowledge: [none]\n",
    "4:12 knowledge must be none, profile, r4ec or a mapping, not a list; to vary it, put it under sweep.grid: knowledge: [none]",
  ],
  ["something missing in a block", "knowledge: {iterations: 2}\n", "4:1 knowledge needs variant"],
  [
    "an axis path that no setting has",
    "sweep: {grid: {knowledge.varient: [none]}}\n",
    '4:16 no setting has the path "knowledge.varient"; did you mean knowledge.variant?',
  ],
  [
    "an axis named by its last part",
    "sweep: {grid: {epochs: [1]}}\n",
    '4:16 no setting has the path "epochs"; did you mean ctr.epochs?',
  ],
  [
    "an axis over something that is no setting",
    "sweep: {grid: {tracking.mlflow: [a]}}\n",
    "4:16 tracking is not a setting of a cell, so it cannot stand here",
  ],
  [
    "an axis value out of range",
    "sweep: {grid: {ctr.epochs: [3, 0]}}\n",
    "4:32 ctr.epochs must be at least 1, not 0",
  ],
  [
    "an axis value of the wrong type, in a zip",
    "sweep: {zip: [{ctr.epochs: [1, x], seed: [1, 2]}]}\n",
    '4:32 ctr.epochs must be a whole number, not "x"',
  ],
  [
    "an axis that is no list",
    "sweep: {grid: {seed: 3}}\n",
    "4:22 seed must be a list, not 3; write [3]",
  ],
  ["an axis without values", "sweep: {grid: {seed: []}}\n", "4:22 seed needs at least 1 value"],
  [
    "zip lists of unequal length",
    "sweep:\n  zip:\n    - ctr.epochs: [1, 2]\n      seed: [1, 2, 3]\n",
    "7:7 the lists of a zip group must be equally long: ctr.epochs has 2, seed has 3",
  ],
  [
    "the same axis twice",
    "sweep:\n  grid: {seed: [1]}\n  zip: [{seed: [2]}]\n",
    "6:10 two axes vary seed; put their values into one list",
  ],
  [
    "overlapping axes",
    "sweep:\n  grid:\n    ctr.epochs: [1]\n    ctr: [{epochs: 2}]\n",
    "7:5 the axes ctr.epochs and ctr overlap: one replaces what the other sets",
  ],
  [
    "a repeated include",
    "sweep:\n  include:\n    - {backbone: dien}\n    - {backbone: dien}\n",
    "7:7 this include is listed twice; remove one",
  ],
  [
    "an include with an unknown path",
    "sweep: {include: [{bakbone: dien}]}\n",
    '4:20 no setting has the path "bakbone"; did you mean backbone?',
  ],
  [
    "an exclude with an impossible value",
    "sweep: {exclude: [{backbone: dient}]}\n",
    '4:30 unknown value "dient" for backbone; did you mean dien? (one of din, dien, dcnv2, autoint; or the path of a module of your own)',
  ],
  [
    "an exclude by placement",
    "sweep: {exclude: [{gpu: 0}]}\n",
    "4:20 gpu is not a setting of a cell, so exclude cannot name it",
  ],
  [
    "excludes that leave nothing",
    "sweep: {grid: {seed: [1, 2]}, exclude: [{backbone: din}]}\n",
    "4:31 exclude leaves none of the 2 cells",
  ],
  [
    "select over what is no axis",
    "sweep: {grid: {ctr.epochs: [1, 2]}}\nselect: {metric: valid.auc, over: [ctr.epoch]}\n",
    "5:36 ctr.epoch is no axis of the sweep; did you mean ctr.epochs?",
  ],
  [
    "select over seeds",
    "sweep: {grid: {seed: [1, 2]}}\nselect: {metric: valid.auc, over: [seed]}\n",
    "5:36 seeds are replicates: results are averaged over seeds, so select cannot pick one",
  ],
  [
    "a baseline that is tuned away",
    "sweep: {grid: {ctr.epochs: [1, 2]}}\nselect: {metric: valid.auc, over: [ctr.epochs]}\ncompare: {baseline: {ctr.epochs: 1}}\n",
    "6:22 ctr.epochs is tuned away by select, so it cannot mark the baseline",
  ],
  [
    "a misspelt switch",
    "tracking: {mlflow: of}\n",
    '4:20 unknown value "of" for tracking.mlflow; did you mean off?',
  ],
  ["a negative card", "gpu: -1\n", "4:6 gpu must be at least 0, not -1"],
  [
    "too many cells",
    `sweep: {grid: {${["ctr.epochs", "ctr.batch_size", "seed"].map((path) => `${path}: [${Array.from({ length: 101 }, (_, n) => n + 1).join(", ")}]`).join(", ")}}}\n`,
    "4:1 this sweep has 1,030,301 cells; at most 100,000 are allowed",
  ],
];

describe("a mistake in a spec", () => {
  it.each(cases)("%s", (_name, rest, ...errors) => {
    expect(read(spec(rest)).ok).toBe(false);
    expect(said(spec(rest))).toEqual(errors);
  });

  it("a missing data folder", () => {
    expect(said("name: t\ndataset: {id: ml-1m, path: gone}\nbackbone: din\n")).toEqual([
      "2:28 there is no folder gone",
    ]);
  });
});

describe("mistakes in a spec", () => {
  it("are all said at once, in the order of the file", () => {
    const text = [
      "name: a b",
      "dataset: {id: ml-1m, path: gone}",
      "backbone: dinn",
      "ctr: {epochs: 0, epochs: 1, foo: 1}",
      "sweep:",
      "  grid: {lr: [1], seed: 3}",
      "  zip: [{ctr.batch_size: [1], ctr.epochs: [1, 2]}]",
      "",
    ].join("\n");
    expect(diagnosticsOf(text).map(({ line, column }) => `${line}:${column}`)).toEqual([
      "1:7",
      "2:28",
      "3:11",
      "4:15",
      "4:18",
      "4:29",
      "6:10",
      "6:25",
      "7:31",
    ]);
  });

  it("stand at the axis value that makes them", () => {
    const text = spec(
      "sweep:\n  grid:\n    dataset:\n      - ml-100k\n      - {id: ml-1m, path: gone}\n",
    );
    expect(said(text)).toEqual(["8:27 there is no folder gone"]);
  });

  it("stand at the include that makes them", () => {
    const text = spec("sweep: {include: [{dataset.path: gone}]}\n");
    expect(said(text)).toEqual(["4:34 there is no folder gone"]);
  });

  it("name the setting, also inside a sweep", () => {
    expect(diagnosticsOf(spec("sweep: {zip: [{ctr.mlp: [[0]]}]}\n"))[0]).toEqual({
      severity: "error",
      message: "ctr.mlp[0] must be at least 1, not 0",
      file: "spec.yaml",
      line: 4,
      column: 27,
      path: "ctr.mlp",
    });
  });

  it("do not include what an axis supplies", () => {
    expect(read("name: t\nbackbone: din\nsweep: {grid: {dataset: [ml-100k]}}\n").ok).toBe(true);
    const text =
      "name: t\nbackbone: din\ndataset: {path: .}\nsweep: {grid: {dataset.id: [ml-1m]}}\n";
    expect(said(text)).toEqual([]);
  });

  it("that a comma in braces makes are one", () => {
    const draw = "ctr.learning_rate: string(a,b,c), ctr.epochs: {choice: [1]}";
    expect(said(spec(`sweep: {sample: {trials: 1, seed: 1, space: {${draw}}}}\n`))).toEqual([
      expect.stringMatching(
        /^4:\d+ ctr.learning_rate must be a mapping, not "string\(a"; .*put a text with commas into quotes$/,
      ),
    ]);
    expect(said(spec("ctr: {epochs: f(a, b)}\n"))).toHaveLength(1);
    expect(said(spec("ctr: {epochs: f(a), b: }\n"))).toHaveLength(2);
  });

  it("include what nothing supplies", () => {
    expect(said("backbone: din\n")).toEqual([
      "1:1 the spec needs name",
      "1:1 dataset is missing: Data.",
    ]);
  });
});

describe("a setting that no cell reads", () => {
  it.each([
    ["in the base settings", "knowledge: {variant: none, actor: big}\n", "4:28"],
    [
      "on an axis",
      "sweep: {grid: {knowledge.variant: [none], knowledge.iterations: [1, 2]}}\n",
      "4:43",
    ],
    [
      "in an include",
      "sweep: {include: [{knowledge.variant: none, knowledge.iterations: 2}]}\n",
      "4:45",
    ],
  ])("is an error %s", (_, text, place) => {
    const [first, ...others] = said(spec(text));
    expect(first).toMatch(
      new RegExp(`^${place} knowledge\\.\\w+ has no effect: only r4ec reads it; remove it$`),
    );
    expect(others).toEqual([]);
  });

  it("is none where one cell reads it", () => {
    const text =
      "knowledge: {variant: none, actor: big}\nsweep: {include: [{knowledge.variant: r4ec}]}\n";
    expect(said(spec(text))).toEqual([]);
  });
});

describe("a doubt about a spec", () => {
  it("is a warning: an exclude that matches nothing", () => {
    const text = spec("sweep:\n  grid: {seed: [1, 2]}\n  exclude:\n    - {seed: 3}\n");
    expect(read(text).ok).toBe(true);
    expect(said(text, "warning")).toEqual(["7:7 this exclude matches no cell"]);
  });

  it("is a warning: a value listed twice", () => {
    expect(said(spec("sweep: {grid: {seed: [1, 1]}}\n"), "warning")).toEqual([
      "4:26 seed lists this value twice; its cells are run once",
    ]);
  });

  it("is a warning: tuning on the test split", () => {
    const text = spec(
      "sweep: {grid: {ctr.epochs: [1, 2]}}\nselect: {metric: test.auc, over: [ctr.epochs]}\n",
    );
    expect(said(text, "warning")).toEqual([
      "5:18 picking by test.auc tunes on the test split; use a metric on validation",
    ]);
  });

  it("is a warning: a baseline that no cell has", () => {
    expect(said(spec("compare: {baseline: {knowledge: profile}}\n"), "warning")).toEqual([
      "4:21 no cell has the settings of the baseline, so nothing is compared to it",
    ]);
  });

  it("is a hint: a setting without effect that stands at its default", () => {
    const text = spec("knowledge: {variant: none, iterations: 1}\n");
    expect(said(text, "hint")).toEqual([
      "4:28 knowledge.iterations has no effect: only r4ec reads it",
    ]);
    expect(said(text)).toEqual([]);
  });

  it("is not raised about a base setting that some of the cells read", () => {
    const text = spec(
      "knowledge: {variant: none, actor: big}\nsweep: {grid: {knowledge.variant: [none, r4ec]}}\n",
    );
    expect(said(text, "hint")).toEqual([]);
  });

  it("is not raised about defaults that nobody wrote", () => {
    expect(diagnosticsOf(spec("knowledge: none\n"))).toEqual([]);
  });
});
