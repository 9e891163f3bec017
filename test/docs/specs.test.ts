import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "r4ec-docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

const env = { R4EC_STORE: path.join(folder, "store"), R4EC_GPUS: "none", NO_COLOR: "1" };

/** The fenced blocks of a page, in order. */
const blocksOf = (file: string): readonly { readonly kind: string; readonly text: string }[] =>
  [...read(file).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
    kind: kind!,
    text: text!,
  }));

describe("docs/specs.md", () => {
  const blocks = blocksOf("docs/specs.md");
  for (const { kind, text } of blocks) {
    const name = /^# (\S+\.yaml)\n/.exec(text)?.[1];
    if (kind === "yaml" && name !== undefined) writeFileSync(path.join(folder, name), text);
  }
  const calls = blocks.flatMap(({ kind, text }, index) =>
    kind === "sh" ? [[text.trim(), blocks[index + 1]!] as const] : [],
  );

  it.each(calls)("shows what is printed by: %s", async (commands, { kind, text }) => {
    expect(kind).toBe("text");
    const script = `r4ec() { "${process.execPath}" "${root}/bin/r4ec.js" "$@"; }\n${commands}`;
    const { all, exitCode } = await execa("bash", ["-c", script], {
      cwd: folder,
      env,
      all: true,
      reject: false,
    });
    for (const line of text.trim().split("\n")) expect(all).toContain(line);
    expect([0, 2]).toContain(exitCode);
  });

  it("has an example of each thing that it speaks of", () => {
    expect(calls.length).toBeGreaterThan(5);
  });
});

describe("commands as README.md shows them", () => {
  const spec = path.join(folder, "my.yaml");
  writeFileSync(spec, "name: t\ndataset: ml-100k\nbackbone: din\n");
  const shown = [
    ...read("README.md").matchAll(/npm run r4ec -- ([a-z]+)((?: (?!#)[^`#\n ]+)*)/g),
  ].map(([, command, rest]) =>
    [command!, ...rest!.trim().split(" ")].filter((word) => word !== ""),
  );
  const forms = [
    ...new Map([["doctor"], ...shown].map((words) => [words.join(" "), words])).values(),
  ];

  it.each(forms.map((words) => [words.join(" "), words] as const))(
    "npm run r4ec -- %s",
    async (_, words) => {
      const args = words.map((word) => (word === "my.yaml" ? spec : word));
      // Nothing is trained here.
      if (args[0] === "sweep") args.push("--dry-run");
      const { exitCode, stdout, stderr } = await execa(
        "npm",
        ["run", "--silent", "r4ec", "--", ...args],
        {
          cwd: root,
          env,
          reject: false,
        },
      );
      if (words[0] === "compare") {
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining("there is no sweep")]);
      } else if (words[0] === "doctor") {
        expect([0, 3]).toContain(exitCode);
        expect(stdout).toContain("npm-packages");
      } else {
        expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("error:")]);
        expect(stdout).not.toBe("");
      }
    },
  );
});
