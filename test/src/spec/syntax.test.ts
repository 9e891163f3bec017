import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadSpec } from "../../../src/spec/index.js";
import { experimentOf, read, said, spec } from "./read.js";
import { shapes } from "./shapes.js";

const folder = mkdtempSync(join(tmpdir(), "r4ec-syntax-"));

async function saidOfBytes(bytes: Uint8Array | string): Promise<readonly string[]> {
  const file = join(folder, "spec.yaml");
  writeFileSync(file, bytes);
  const result = await loadSpec(file, shapes);
  return result.ok
    ? []
    : result.error.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe("a file that is not YAML", () => {
  it.each([
    ["a tab", spec("ctr:\n\tepochs: 1\n"), ["5:1 tabs cannot indent YAML; use spaces"]],
    [
      "tabs, and other mistakes beside them",
      spec("ctr:\n\tepochs: 0\n\tmlp: [1]\n"),
      [
        "5:1 tabs cannot indent YAML; use spaces",
        "5:10 ctr.epochs must be at least 1, not 0",
        "6:1 tabs cannot indent YAML; use spaces",
      ],
    ],
    [
      "a list that does not end",
      "a: [1, 2\nb: 3\n",
      ["2:1 not closed: a [ that begins before this place lacks its ]"],
    ],
    [
      "a mapping that does not end",
      "a: {b: 1\nc: 3\n",
      ["2:1 not closed: a { that begins before this place lacks its }"],
    ],
    [
      "a line without a colon",
      "name: a\ndataset ml-100k # mine\nseed: 1\n",
      ["2:1 this line has no colon: write dataset: ml-100k"],
    ],
    [
      "a line that is indented too far",
      "ctr:\n  epochs: 1\n   patience: 2\n",
      ["2:11 the line below is indented more than this one, which already has a value"],
    ],
    [
      "two documents",
      "name: a\n---\nname: b\n",
      ["2:1 a spec is one YAML document; remove everything from this --- on"],
    ],
    [
      "a colon in a value",
      "a: b: c\n",
      [
        "1:4 a mapping cannot begin here: put it on a line of its own, or quote a value that holds a colon",
      ],
    ],
    [
      "a version that is not read",
      "%YAML 1.1\n---\nname: a\n",
      ["1:1 r4ec reads YAML 1.2; remove the directive %YAML 1.1"],
    ],
    ["an unknown anchor", "name: *a\n", ["1:7 no anchor &a stands before this alias"]],
    [
      "an anchor inside itself",
      "x-a: &a [*a]\n",
      ["1:10 the anchor &a holds itself, so it expands without end"],
    ],
    ["a list", "- a\n", ["1:1 a spec is a mapping of settings (`name: ...`)"]],
    ["nothing", "", ["1:1 the file is empty; `r4ec init` writes a spec to start from"]],
    [
      "a comment alone",
      "# later\n",
      ["1:1 the file is empty; `r4ec init` writes a spec to start from"],
    ],
  ])("%s", (_name, text, errors) => {
    expect(said(text)).toEqual(expect.arrayContaining(errors));
  });

  it("aliases that expand without end", () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"
        : `x-${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ")}]`,
    );
    const started = process.memoryUsage().heapUsed;
    expect(said(spec(levels.join("\n")))).toEqual([
      expect.stringMatching(
        /^\d+:\d+ the alias \*a\d+ expands without end \(more than 100000 values\)$/,
      ),
    ]);
    expect(process.memoryUsage().heapUsed - started).toBeLessThan(300e6);
  });

  it("brackets nested too deeply", () => {
    expect(said("[".repeat(20_000))[0]).toMatch(/this is nested too deeply to be read$/);
  });

  it("is never more than a list of mistakes, whatever stands in it", () => {
    const text = spec(`knowledge: {variant: r4ec, iterations: 2}
sweep:
  grid: {ctr.epochs: [1, 2], knowledge.variant: [none, r4ec]}
  zip: [{seed: [1, 2], ctr.batch_size: [3, 4]}]
  exclude: [{knowledge: none, seed: 1}]
  include: [{backbone: dien}]
`);
    const pieces = ["[", "]", "{", "}", ":", "- ", "\n", "  ", "\t", "*a", "&a ", '"', "#", "null"];
    const edit = fc.record({
      at: fc.nat(text.length),
      cut: fc.nat(20),
      piece: fc.constantFrom("", ...pieces, "1e999", "!!x ", "<<: ", "__proto__: 1", "~", "-1"),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const edited = edits.reduce(
          (before, { at, cut, piece }) => before.slice(0, at) + piece + before.slice(at + cut),
          text,
        );
        const result = read(edited);
        const found = result.ok ? result.value.diagnostics : result.error;
        expect(result.ok).toBe(!found.some(({ severity }) => severity === "error"));
        for (const { line, column } of found) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it("keys that stand twice, with what else is wrong", () => {
    expect(said(spec("ctr: {epochs: 0}\nctr: {epochs: 1}\n"))).toEqual([
      "4:15 ctr.epochs must be at least 1, not 0",
      '5:1 the key "ctr" stands twice in one mapping; remove one',
    ]);
  });

  it("merge keys", () => {
    expect(said(spec("x-a: &a {epochs: 1}\nctr:\n  <<: *a\n"))).toEqual([
      "6:3 merge keys (<<) are not part of YAML 1.2; write the settings out",
    ]);
  });

  it("numbers that cannot be kept", () => {
    expect(said(spec("seed: 12345678901234567890\n"))).toContain(
      "4:7 this whole number is too large to be kept exactly",
    );
    expect(said(spec("ctr: {learning_rate: .inf}\n"))).toContain("4:22 numbers must be finite");
  });
});

describe("a file that cannot be read", () => {
  it("is not UTF-8", async () => {
    const bytes = Buffer.concat([
      Buffer.from("name: a\n# caf"),
      Buffer.from([0xe9]),
      Buffer.from("\n"),
    ]);
    expect(await saidOfBytes(bytes)).toEqual([
      "2:6 this file is not UTF-8: the byte 0xE9 at offset 13 begins no character; save it as UTF-8",
    ]);
  });

  it("ends inside a character", async () => {
    const bytes = Buffer.from("name: é").subarray(0, -1);
    expect(await saidOfBytes(bytes)).toEqual([
      "1:7 this file is not UTF-8: the byte 0xC3 at offset 6 begins no character; save it as UTF-8",
    ]);
  });

  it("is UTF-16", async () => {
    expect(await saidOfBytes(Buffer.from("\ufeffname: a\n", "utf16le"))).toEqual([
      "1:1 this file is UTF-16; save it as UTF-8",
    ]);
  });

  it("is not there, or is a folder", async () => {
    const missing = await loadSpec("no/such.yaml", shapes);
    expect(missing.ok ? null : missing.error[0]!.message).toBe(
      "cannot read no/such.yaml: there is no such file",
    );
    const directory = await loadSpec(folder, shapes);
    expect(directory.ok ? null : directory.error[0]!.message).toBe(
      `cannot read ${folder}: this is a folder, not a file`,
    );
  });
});

describe("YAML 1.2", () => {
  it("reads 1e-3 as a number and 010 as ten", () => {
    const [cell] = experimentOf(spec("ctr: {learning_rate: 1e-3, epochs: 010}\n")).cells;
    expect(cell!.settings["ctr"]).toMatchObject({ learning_rate: 0.001, epochs: 10 });
  });

  it("reads anchors kept under x- keys", () => {
    const text = spec("x-sizes: &sizes [7]\nctr: {mlp: *sizes}\n");
    expect(experimentOf(text).cells[0]!.settings["ctr"]).toMatchObject({ mlp: [7] });
  });

  it("reads a file with a byte order mark and Windows line ends, with right places", async () => {
    expect(
      await saidOfBytes(`\ufeff${spec("ctr: {epochs: 0}\n").replaceAll("\n", "\r\n")}`),
    ).toEqual(["4:15 ctr.epochs must be at least 1, not 0"]);
  });
});

describe("a NUL character", () => {
  it.each([
    ["a name", 'name: "a\\0b"\ndataset: ml-100k\nbackbone: din\n', "1:7"],
    ["a module's path", 'name: t\ndataset: ml-100k\nbackbone: "./x\\0.mjs"\n', "3:11"],
    ["a folder", 'name: t\ndataset: {id: ml-1m, path: "/d\\0"}\nbackbone: din\n', "2:28"],
    ["a value of the sweep", spec('sweep: {grid: {backbone: ["./a\\0"]}}\n'), "4:27"],
  ])("in %s is one clear error at its place", (_, text, place) => {
    expect(said(text)).toEqual([
      `${place} this text holds a NUL character (\\0), which nothing can be named with`,
    ]);
  });

  it("in a key is one", () => {
    expect(said(spec('"se\\0ed": 1\n'))).toEqual(["4:1 this key holds a NUL character (\\0)"]);
  });
});

describe("a value that another program would fill in", () => {
  it.each([
    [
      "a model",
      "knowledge: {variant: r4ec, actor: '${oc.env:ACTOR}'}\n",
      "4:35",
      "${oc.env:ACTOR}",
    ],
    ["a number", "ctr: {epochs: '${epochs}'}\n", "4:15", "${epochs}"],
    ["a part of a path", "prompts: 'x/${data.name}/y'\n", "4:10", "${data.name}"],
    ["a text with blanks", "description: 'of ${now:%Y-%m-%d} here'\n", "4:14", "${now:%Y-%m-%d}"],
    ["a value of the sweep", "sweep: {grid: {backbone: ['${b}']}}\n", "4:27", "${b}"],
    ["a variable", "description: $HOME\n", "4:14", "$HOME"],
    ["a template", "description: '{{ data }}'\n", "4:14", "{{ data }}"],
  ])("is refused where it is %s", (_, text, place, what) => {
    expect(said(spec(text))).toContain(
      `${place} r4ec fills in nothing for ${what}; write the value itself, or \${env:NAME} for a variable of the environment`,
    );
  });

  it.each(["costs ${5} or $5 and more", "sh -c 'run --port ${PORT}'", "100 $", "{one}", "a {{b"])(
    "is none: %s",
    (text) => {
      expect(said(spec(`description: ${JSON.stringify(text)}\n`))).toEqual([]);
    },
  );
});
