#!/usr/bin/env node
// Draws the folders of src and runners, and who imports whom, into ARCHITECTURE.md.
//
//   node scripts/map.mjs           writes the picture
//   node scripts/map.mjs --check   ends with 1 where the picture does not fit the imports
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { CHECK_FAILED } from "./exit-status.mjs";
import { engine, science } from "./floors.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const file = path.join(root, "ARCHITECTURE.md");
const begin = "<!-- map: written by npm run map -->";
const end = "<!-- end of map -->";

/** The box of the picture that a file belongs to; null: the picture leaves the file out. */
function boxOf(source) {
  const [tree, ...rest] = source.split("/");
  if (tree !== "src" && tree !== "runners") return null;
  if (rest.length === 1) return source;
  const deeper = tree === "runners" && (rest[0] === "base" || rest[0] === "stages");
  return [tree, ...rest.slice(0, deeper ? 2 : 1)].join("/");
}

/** Imports between boxes: for each box those that it imports, in order. */
async function importsOfBoxes() {
  const { output } = await cruise(
    ["src", "runners"],
    { tsPreCompilationDeps: true, includeOnly: "^(src|runners)/" },
    undefined,
    { tsConfig: extractTsConfig(path.join(root, "tsconfig.json")) },
  );
  const imports = new Map();
  for (const { source, dependencies } of output.modules) {
    const from = boxOf(source);
    if (from === null) continue;
    if (!imports.has(from)) imports.set(from, new Set());
    for (const { resolved } of dependencies) {
      const to = boxOf(resolved);
      if (to !== null && to !== from) imports.get(from).add(to);
    }
  }
  return new Map([...imports].sort().map(([box, used]) => [box, [...used].sort()]));
}

/** Leaves out each arrow whose ends are joined by other arrows already. */
function reduced(imports) {
  const kept = new Map([...imports].map(([box, used]) => [box, new Set(used)]));
  const reaches = (from, to, seen = new Set()) =>
    [...(kept.get(from) ?? [])].some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    );
  for (const [from, used] of imports) {
    for (const to of used) {
      kept.get(from).delete(to);
      if (!reaches(from, to)) kept.get(from).add(to);
    }
  }
  return kept;
}

/** The picture as Mermaid text. */
function picture(imports) {
  const boxes = [...imports.keys()];
  const name = (box) => box.replaceAll(/[^a-z]/g, "_");
  const draw = (list, label = (box) => box) =>
    list.map((box) => `    ${name(box)}["${label(box)}"]`);
  const inside = (folder) => boxes.filter((box) => box.startsWith(`${folder}/`));
  const last = (box) => path.basename(box);
  const group = (id, title, list) => [`  subgraph ${id}["${title}"]`, ...draw(list, last), "  end"];
  // Mermaid places boxes in the order of their names in the text: the top floor comes first.
  const height = engine.flat();
  const floor = (box) => (box.endsWith(".ts") ? Infinity : height.indexOf(last(box)));
  const engineBoxes = inside("src")
    .filter((box) => box !== "src/cli.ts")
    .sort((a, b) => floor(b) - floor(a));
  return [
    "flowchart TB",
    ...draw(["src/cli.ts", "runners/registry.ts"]),
    ...group("engine", "src: the engine", engineBoxes),
    ...science
      .flat()
      .reverse()
      .filter((folder) => imports.has(`runners/${folder}`))
      .flatMap((folder) => draw([`runners/${folder}`])),
    ...group("stages", "runners/stages: one folder for each stage", inside("runners/stages")),
    ...group("ground", "runners/base: what every stage may use", inside("runners/base")),
    ...[...reduced(imports)].flatMap(([from, used]) =>
      [...used].map((to) => `  ${name(from)} --> ${name(to)}`),
    ),
  ].join("\n");
}

const text = readFileSync(file, "utf8");
const from = text.indexOf(begin);
const to = text.indexOf(end);
if (from < 0 || to < from) throw new Error(`ARCHITECTURE.md has no "${begin}" before "${end}"`);
const drawn = `\n\n\`\`\`mermaid\n${picture(await importsOfBoxes())}\n\`\`\`\n\n`;
const wanted = text.slice(0, from + begin.length) + drawn + text.slice(to);
if (!process.argv.includes("--check")) {
  writeFileSync(file, wanted);
} else if (wanted !== text) {
  process.stderr.write("ARCHITECTURE.md: the picture is out of date; mend it by npm run map\n");
  process.exitCode = CHECK_FAILED;
}
