import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

/** The text of a file of the clone. */
export const readPage = (page: string): string => readFileSync(path.join(root, page), "utf8");

/** Every page that is written for people who use r4ec or change it. */
export const pages: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  "prompts/README.md",
  "experiments/llm-demo-prompts/README.md",
];

export interface Block {
  readonly page: string;
  /** Line of its first fence, from 1. */
  readonly line: number;
  /** The word behind the fence; "" where there is none. */
  readonly kind: string;
  readonly text: string;
  /** The comment right above it, which a reader of the page does not see; "" where there is none. */
  readonly mark: string;
  /** The text above it, without other blocks. */
  readonly above: string;
}

/** The fenced blocks of a page, in order. Throws where a fence is not closed. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; kind: string; indent: string; text: string[] } | null = null;
  let above: string[] = [];
  readPage(page)
    .split("\n")
    .forEach((line, index) => {
      const fence = /^( *)(?:```|~~~)(.*)$/.exec(line);
      if (open === null && fence !== null) {
        open = { line: index + 1, kind: fence[2]!.trim(), indent: fence[1]!, text: [] };
      } else if (open !== null && fence !== null && fence[2]!.trim() === "") {
        const { line, kind, text } = open;
        const said = above.join("\n").trim();
        const mark = /<!-- ([^>]*) -->$/.exec(said)?.[1] ?? "";
        blocks.push({ page, line, kind, text: `${text.join("\n")}\n`, mark, above: said });
        open = null;
        above = [];
      } else if (open === null) above.push(line);
      else open.text.push(line.slice(open.indent.length));
    });
  if (open !== null) throw new Error(`${page}: a block is not closed`);
  return blocks;
}

/** Texts in code spans outside of blocks, each with its line. */
export function spansOf(page: string): readonly { readonly line: number; readonly text: string }[] {
  const blank = (block: string): string => block.replace(/[^\n]/g, " ");
  const prose = readPage(page).replace(/^( *)(```|~~~)[\s\S]*?^ *\2 *$/gm, blank);
  return [...prose.matchAll(/(`+)([^`]+)\1/g)].map((found) => ({
    line: prose.slice(0, found.index).split("\n").length,
    text: found[2]!.replace(/\s+/g, " "),
  }));
}
