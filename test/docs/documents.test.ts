import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** README files of src and runners, and the documents that a reader is led to. */
const documents = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"],
  ...readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  ...["src", "runners"].flatMap((tree) =>
    readdirSync(path.join(root, tree), { recursive: true, encoding: "utf8" })
      .filter((name) => path.basename(name) === "README.md")
      .map((name) => path.join(tree, name)),
  ),
];

/** Paths that a document names: targets of links, and paths of the clone in its text. */
function pathsIn(document: string): string[] {
  const text = read(document);
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) =>
    path.join(path.dirname(document), target!),
  );
  // A name that begins with "my-" is an example that the reader is to write.
  const named = [
    ...text.matchAll(/(?<![\w./-])(?:src|runners|test|scripts|bench)(?:\/[\w.-]+)+/g),
  ].map(([found]) => found.replace(/\.$/, ""));
  return [...links, ...named.filter((name) => !path.basename(name).startsWith("my-"))];
}

describe("every path that a document names", () => {
  it.each(documents)("is there: %s", (document) => {
    const missing = pathsIn(document).filter((name) => !existsSync(path.join(root, name)));
    expect(missing).toEqual([]);
  });
});

describe("docs/guarantees.md", () => {
  const text = read("docs/guarantees.md");
  const promises = text
    .split("\n## Not promised")[0]!
    .split(/\n\*\*(?=\d+\. )/)
    .slice(1);

  /** The tests that a promise names: a file, and titles in code spans below it. */
  const proofsOf = (promise: string): (readonly [file: string, title: string])[] =>
    promise
      .split(/\n- \[/)
      .slice(1)
      .flatMap((part) => {
        const [file, ...rest] = part.split("](");
        return [...rest.join("](").matchAll(/`([^`]+)`/g)].map(
          ([, title]) => [file!, title!] as const,
        );
      });

  it("numbers its promises without a gap", () => {
    const numbers = promises.map((promise) => Number.parseInt(promise, 10));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThan(20);
  });

  it("names for each promise a test that there is", () => {
    for (const promise of promises) {
      const proofs = proofsOf(promise);
      expect(proofs, promise.slice(0, 60)).not.toEqual([]);
      for (const [file, title] of proofs) {
        const titles = [...read(file).matchAll(/\(\s*(["`])([^\n]*?)\1,/g)].map(([, , one]) => one);
        expect(
          titles.some((one) => one!.includes(title)),
          `${file}: ${title}`,
        ).toBe(true);
      }
    }
  });
});

describe("ARCHITECTURE.md", () => {
  it("shows the folders as they import each other (mend: npm run map)", () => {
    execFileSync(process.execPath, ["scripts/map.mjs", "--check"], { cwd: root });
  });
});

describe("each folder of src and runners", () => {
  const folders = ["src", "runners"].flatMap((tree) => [
    tree,
    ...readdirSync(path.join(root, tree), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
  ]);

  it.each(folders)("says what it is for: %s", (folder) => {
    expect(readdirSync(path.join(root, folder)), `files of ${folder}`).toContain("README.md");
  });
});

describe("each folder of a stage", () => {
  const stages = readdirSync(path.join(root, "runners/stages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  it.each(stages)("has the same inner order: %s", (stage) => {
    const files = readdirSync(path.join(root, "runners/stages", stage));
    expect(files).toEqual(expect.arrayContaining(["runner.ts", "program.ts"]));
    expect(read(`runners/stages/${stage}/runner.ts`)).toContain('import("./program.js")');
    // Every stage that reads a model makes the request for a packaged one.
    const request = stage === "packaged-model" ? "../../base/models/packaged.ts" : "stage.ts";
    expect(read(`runners/stages/${stage}/${request}`)).toMatch(
      /^export (const|function) \w+Stages?\b/m,
    );
  });
});
