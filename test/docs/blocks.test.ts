import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { execa } from "execa";
import { parseAllDocuments } from "yaml";
import { science } from "../../runners/registry.js";
import { readConfigFile } from "../../src/config/file.js";
import { readSpec } from "../../src/spec/load.js";
import { idleCommands, parseCall } from "../support/idle-commands.js";
import { type Block, blocksOf, pages, readPage, spansOf } from "../support/pages.js";

const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "r4ec-pages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync(path.join(root, "experiments"), folder, { recursive: true });
cpSync(path.join(root, "experiments/programs"), folder, { recursive: true });
cpSync(path.join(root, "docs/examples"), folder, { recursive: true });

const blocks = pages.flatMap(blocksOf);
const named = (some: readonly Block[]) =>
  some.map((block) => [`${block.page}:${block.line}`, block] as const);

/** What is checked of a block of each kind. A block of another kind, or of none, is a mistake. */
const checks: { readonly [kind: string]: (block: Block) => unknown } = {
  yaml: checkYaml,
  sh: async ({ text }) => {
    for (const line of text.split("\n")) await checkCommands(line);
  },
  js: checkCode,
  // It is read by Python here; where a page gives numbers to look at, the test of these numbers runs it.
  python: ({ text }) =>
    execa("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: text }),
  // The picture of the folders, which `npm run map` draws and checks.
  mermaid: ({ page }) => expect(page).toBe("ARCHITECTURE.md"),
  // What commands print: no reader can run it or copy it into a file.
  text: ({ text }) => expect(text).not.toMatch(calling()),
};

describe("every block of every page", () => {
  it.each(named(blocks))("is checked by its kind: %s", async (_, block) => {
    expect(Object.keys(checks)).toContain(block.kind);
    await checks[block.kind]!(block);
  });

  it("is found", () => {
    expect(blocks.filter(({ kind }) => kind === "yaml").length).toBeGreaterThan(25);
  });
});

/** Mistakes that only a machine without the user's files has. */
const ABOUT_FILES = /there is no (file|folder)|no file is called/;

/**
 * A spec, a part of one, or a settings file (where the comment above the block says so). A part is laid over a
 * spec without it, and files that the page speaks of need not be there.
 */
async function checkYaml({ text, mark, page }: Block): Promise<void> {
  const name = /^# (\S+\.yaml)\n/.exec(text)?.[1];
  if (name !== undefined) writeFileSync(path.join(folder, name), text);
  if (mark.startsWith("settings file")) {
    const file = path.join(folder, "r4ec.config.yaml");
    writeFileSync(file, text);
    const read = await readConfigFile(file);
    expect(read.ok ? [] : read.error).toEqual([]);
    return;
  }
  const [document, ...more] = parseAllDocuments(text);
  expect(more, "one document").toEqual([]);
  const keys = Object.keys(document!.toJS() as object);
  const base = { name: "t", dataset: "ml-100k", backbone: "din" };
  const lines = keys.includes("extends")
    ? keys.includes("name")
      ? []
      : ["name: t"]
    : Object.entries(base).flatMap(([key, value]) =>
        keys.includes(key) ? [] : [`${key}: ${value}`],
      );
  const whole = `${text}${lines.map((line) => `${line}\n`).join("")}`;
  const variables = { MY_EPOCHS: "2" };
  const read = readSpec({ file: page, folder, text: whole }, science, { variables });
  const found = read.ok ? read.value.diagnostics : read.error;
  const wrong = found.filter(({ severity }) => severity !== "hint");
  expect(wrong.filter(({ message }) => !ABOUT_FILES.test(message))).toEqual([]);
}

/** An excerpt of a file that the text above it links to: each line stands there, but for those with `…`. */
function checkCode({ text, above, page }: Block): void {
  const link = [...above.matchAll(/\]\(([^)]+\.(?:m?js|ts))\)/g)].at(-1)?.[1];
  expect(link, "a link to the whole file").toBeDefined();
  const file = path.join(root, path.dirname(page), link!);
  const whole = readFileSync(file, "utf8").split("\n");
  for (const line of text.split("\n")) if (!line.includes("…")) expect(whole).toContain(line);
}

/** A call at the beginning of a line. */
const calling = (): RegExp => new RegExp(`^(\\$ )?(r4ec (${names.join("|")})\\b|npm run )`, "m");

const names = idleCommands.flatMap(({ usages }) => usages.map((usage) => usage.split(" ")[0]!));

/** Refuses a call that r4ec's command line would refuse. `[WORD]` is a word that may be left out. */
async function checkCall(words: readonly string[]): Promise<void> {
  const call = words.map((word) => word.replace(/^\[(.*)\]$/, "$1"));
  if (call[0] === "--help" && call.length === 1) return;
  expect(["completion", ...names]).toContain(call[0]);
  await parseCall(call);
}

const { scripts, version } = JSON.parse(readPage("package.json")) as {
  readonly scripts: object;
  readonly version: string;
};

/** Programs of others that pages name, by their first words. */
const OTHERS = [
  /^git clone /,
  /^cd r4ec$/,
  /^pip install /,
  /^npm (ci|link|pack)$/,
  /^sh \S+\/install\.sh \S+$/,
  /^node scripts\/slurm\.mjs (up|down) \S+$/,
  /^\. \S+\/env\.sh$/,
  new RegExp(`^npm install (--global )?\\./r4ec-${version.replaceAll(".", "\\.")}\\.tgz$`),
];

/** The words of the commands on a line, as a shell cuts them. */
function commandsOn(line: string): string[][] {
  const found: string[][] = [[]];
  for (const [part, word] of line.matchAll(/\s*(&&|;|#.*|(?:'[^']*'|"[^"]*"|[^\s;&])+)/g)) {
    if (word!.startsWith("#") && /^(\s|#)/.test(part)) break;
    if (word === "&&" || word === ";") found.push([]);
    else found.at(-1)!.push(word!.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
  }
  return found.filter((words) => words.length > 0);
}

/** Every command on a line of a page is one of r4ec's, a script of package.json, or known here. */
async function checkCommands(line: string): Promise<void> {
  for (const all of commandsOn(line)) {
    const words = all.slice(all.findIndex((word) => !/^[A-Z_]+=/.test(word)));
    const [program, verb, name, ...rest] = words;
    if (program === "r4ec") await checkCall(words.slice(1));
    else if (program === "npx" && verb === "r4ec") await checkCall(words.slice(2));
    else if (program === "npm" && verb === "run" && name === "r4ec") await checkCall(rest.slice(1));
    else if (program === "npm" && (verb === "run" || verb === "test")) {
      expect(Object.keys(scripts), line).toContain(verb === "run" ? name : verb);
      const of = name === "bench" && rest.length > 1 ? `bench/${rest[1]}` : null;
      if (of !== null)
        expect([of, `${of}.ts`].some((one) => existsSync(path.join(root, one)))).toBe(true);
    } else
      expect(
        OTHERS.some((other) => other.test(words.join(" "))),
        words.join(" "),
      ).toBe(true);
  }
}

/** Calls in running text: more than the name of a command. */
const calls = pages.flatMap((page) =>
  spansOf(page)
    .filter(({ text }) => /^(r4ec|npm|npx) \S/.test(text))
    .filter(({ text }) => !names.some((name) => text === `r4ec ${name}`))
    .map(({ line, text }) => [`${page}:${line}`, text] as const),
);

describe("every call in the text of a page", () => {
  it.each(calls)("is one that the command line takes: %s %s", async (_, text) => {
    await checkCommands(text);
  });

  it("is found", () => {
    expect(calls.length).toBeGreaterThan(40);
  });
});

describe("a page with a mistake would be found out:", () => {
  const block = (kind: string, text: string): Block => ({
    ...{ page: "README.md", line: 1, mark: "", above: "[it](docs/examples/nfm.mjs)" },
    ...{ kind, text },
  });

  it.each([
    ["a setting that is not there", block("yaml", "ctr: { epoch: 1 }\n")],
    ["an option that is not there", block("sh", "r4ec plan my.yaml --estimat\n")],
    ["a command that is not there", block("sh", "cd r4ec && r4ec plann my.yaml\n")],
    ["a call that lacks its spec", block("sh", "r4ec plan --json\n")],
    ["a script that is not there", block("sh", "npm run quick # fast\n")],
    ["a program that nobody knows", block("sh", "make all\n")],
    ["a line that its file does not have", block("js", "const a = 1;\n")],
    ["a call among the output", block("text", "r4ec plan my.yaml\n")],
  ])("%s", async (_, wrong) => {
    await expect((async () => checks[wrong.kind]!(wrong))()).rejects.toThrow();
  });
});
