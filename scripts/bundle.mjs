// Puts the command line and the packages that it starts with into one file, dist/cli/r4ec.js: to open and
// link hundreds of small modules takes longer than anything else in the start of a command. A module in it
// runs when it is first imported. Worker processes and programs that are found by their place go on using
// dist/src and dist/runners.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const OUT = path.join(root, "dist", "cli");
const ENTRY = path.join(root, "dist", "src", "cli.js");
const require = createRequire(import.meta.url);

/** Packages with native parts or files of their own, and those that few commands load and that are large. */
const LEFT_OUT = [
  ...["@duckdb/node-api", "@resvg/resvg-js", "@tensorflow/*", "@energetic-ai/*", "typescript"],
  ...["vega", "vega-lite", "@viz-js/viz", "openai", "undici", "@clack/prompts"],
  ...["dejavu-fonts-ttf", "node-api-headers"],
];

/**
 * Imports that the file keeps are made by bin/r4ec.js: from text whose compiled form was kept, V8 is not able to import.
 */
const withOuterImports = (code) =>
  code.replace(/\bimport\((?:"([^"]+)"\))?/g, (whole, name) =>
    name === undefined || isOuter(name) ? `__${whole}` : whole,
  );

const isOuter = (name) =>
  name.startsWith("node:") ||
  LEFT_OUT.some((one) => name === one || name.startsWith(one.replace("*", "")));

/** Compiled files keep the place that they know of themselves. */
const placesFrom = (out) => ({
  name: "places",
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, async ({ path: file }) => {
      const contents = withOuterImports(await readFile(file, "utf8"));
      if (!file.startsWith(path.join(root, "dist"))) return { contents, loader: "js" };
      const relative = path.relative(out, file).split(path.sep).join("/");
      const url = `new URL(${JSON.stringify(relative)}, __here)`;
      const placed = contents
        .replace(/import\.meta\.(url|filename|dirname)/g, (_, what) =>
          what === "url" ? `${url}.href` : `__place.${what}(${url})`,
        )
        .replace(/\blazily\("([^"]+)"\)/g, (_, name) => `(() => require(${JSON.stringify(name)}))`);
      return { contents: placed, loader: "js" };
    });
  },
});

/**
 * What the file begins and ends with: it is the text of one function, which bin/r4ec.js calls. Its first line
 * names its contents.
 */
const wrapped = (code) => `// ${createHash("sha256").update(code).digest("hex")}
(function (require, __import, __filename, module, exports) {
const { fileURLToPath: __toPath, pathToFileURL } = require("node:url");
const __here = pathToFileURL(__filename);
const __place = { filename: __toPath, dirname: (url) => __toPath(new URL(".", url)).replace(/[\\\\/]$/, "") };
${code}
})`;

/**
 * Makes dist/cli/ out of dist/src/cli.js, or another folder out of another program. Where esbuild is not there (it is
 * a package for development), there is none, and commands start from dist/src/cli.js.
 */
export async function bundle(entry = ENTRY, out = OUT) {
  const esbuild = await import("esbuild").catch((error) => {
    if (error.code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  });
  if (esbuild === null) return rm(out, { recursive: true, force: true });
  const { metafile, outputFiles } = await esbuild.build({
    ...{ absWorkingDir: root, outdir: out, bundle: true, platform: "node", target: "node20.19" },
    ...{ legalComments: "none", minifySyntax: true, charset: "ascii" },
    ...{ logLevel: "error", metafile: true, write: false, format: "cjs" },
    entryPoints: [entry],
    define: { "import.meta.url": "__here.href" },
    // yargs asks for widths of plain text: the package for it compiles a regular expression of all emoji first.
    alias: { "string-width": require.resolve("fast-string-width") },
    external: LEFT_OUT,
    plugins: [placesFrom(out)],
  });
  const [{ imports }] = Object.values(metafile.outputs);
  const left = imports.filter(({ kind, external }) => kind === "dynamic-import" && external);
  if (left.length > 0) throw new Error(`imports that nobody makes: ${left.map((one) => one.path)}`);
  await mkdir(out, { recursive: true });
  await replace(out, "LICENSES.txt", licences(Object.keys(metafile.inputs)));
  await replace(out, "r4ec.js", wrapped(outputFiles[0].text));
  const old = readdirSync(out).filter((name) => !["LICENSES.txt", "r4ec.js"].includes(name));
  for (const name of old) await rm(path.join(out, name), { force: true });
}

/** Writes a file of a folder in one step: whoever reads it meanwhile reads the old or the new one. */
async function replace(out, name, contents) {
  const file = path.join(out, name);
  await writeFile(`${file}.${process.pid}`, contents);
  await rename(`${file}.${process.pid}`, file);
}
/** The licences of the packages that were put in. */
function licences(inputs) {
  const packages = inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  const texts = [...new Set(packages)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(path.join(root, folder, "package.json"), "utf8"),
    );
    const file = readdirSync(path.join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? "" : readFileSync(path.join(root, folder, file), "utf8");
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
