#!/usr/bin/env node
// Writes what modules of users' own may call into docs/adding-a-backbone.md, from the doc comments of
// the toolkit.
//
//   node scripts/kit-reference.mjs           writes it
//   node scripts/kit-reference.mjs --check   ends with 1 where the document does not fit the code
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import ts from "typescript";
import { CHECK_FAILED } from "./exit-status.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const page = path.join(root, "docs/adding-a-backbone.md");
const toolkit = path.join(root, "runners/stages/ctr/toolkit");
const begin = "<!-- kit: written by npm run kit -->";
const end = "<!-- end of kit -->";

/** Methods and getters of a class that a module may use, each as it is called, with its comment. */
function membersOf(file, className) {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(toolkit, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const found = source.statements.find(
    (one) => ts.isClassDeclaration(one) && one.name?.text === className,
  );
  return found.members.flatMap((member) => {
    if (!ts.isMethodDeclaration(member) && !ts.isGetAccessor(member)) return [];
    const isPrivate = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
    const text = ts
      .getJSDocCommentsAndTags(member)
      .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
      .join(" ")
      .replaceAll(/\s+/g, " ");
    if (isPrivate || text.startsWith("For the toolkit") || NOT_FOR_MODULES.has(member.name.text)) {
      return [];
    }
    const parameters = member.parameters.map(
      (one) => one.name.getText() + (one.questionToken || one.initializer ? "?" : ""),
    );
    const call = ts.isGetAccessor(member) ? "" : `(${parameters.join(", ")})`;
    return [{ call: `${member.name.text}${call}`, returns: member.type?.getText() ?? "", text }];
  });
}

/** What only the toolkit and its rewrites use. */
const NOT_FOR_MODULES = new Set([
  "tensor",
  "computed",
  "settle",
  "made",
  "batchToRows",
  "rowsToBatch",
]);

function table(prefix, members) {
  const rows = members.map(
    ({ call, returns, text }) =>
      `| \`${prefix}${call}\` | \`${returns.replaceAll("|", "\\|")}\` | ${text.replaceAll("|", "\\|")} |`,
  );
  return ["| call | gives | what it is |", "| --- | --- | --- |", ...rows].join("\n");
}

const kit = [...membersOf("kit.ts", "Kit"), ...membersOf("context.ts", "LayerContext")];
const reference = [
  "In brackets: the numbers of a vector [width], or of rows [n, width].",
  table("kit.", kit),
  "A value has these, beside `kit.concat` and `kit.stack`:",
  table("value.", membersOf("value.ts", "Value")),
].join("\n\n");

const before = readFileSync(page, "utf8");
const [head, rest] = before.split(begin);
const tail = rest.slice(rest.indexOf(end));
const options = { ...(await prettier.resolveConfig(page)), filepath: page };
const after = await prettier.format(`${head}${begin}\n\n${reference}\n\n${tail}`, options);
const isFresh = after === before;
if (!isFresh && process.argv.includes("--check")) {
  process.stderr.write("docs/adding-a-backbone.md is out of date: npm run kit\n");
  process.exit(CHECK_FAILED);
}
if (!isFresh) writeFileSync(page, after);
