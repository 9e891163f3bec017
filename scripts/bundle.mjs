// Puts the command line and the packages that it starts with into few files, dist/cli/: to open and link
// hundreds of small modules takes longer than anything else in the start of a command. Worker processes
// and programs that are found by their place go on using dist/src and dist/runners.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const OUT = path.join(root, "dist", "cli");
const ENTRY = path.join(root, "dist", "src", "cli.js");

/** Packages with native parts or files of their own, and those that few commands load and that are large. */
const LEFT_OUT = [
  ...["@duckdb/node-api", "@resvg/resvg-js", "@tensorflow/*", "@energetic-ai/*", "typescript"],
  ...["vega", "vega-lite", "@viz-js/viz", "openai", "undici", "@clack/prompts"],
  ...["dejavu-fonts-ttf", "node-api-headers"],
];

/** The file of a package that is loaded when it is first asked for. */
const fileOf = (name) => `${name.replaceAll(/[^a-z0-9]+/gi, "-").replace(/^-/, "")}.cjs`;

/** Compiled files keep the place that they know of themselves. `lazy` gets the packages that are loaded lazily. */
const placesOf = (lazy, out) => ({
  name: "places",
  setup(build) {
    build.onLoad(
      { filter: /[\\/]dist[\\/](src|runners|bench)[\\/].*\.js$/ },
      async ({ path: file }) => {
        const relative = path.relative(out, file).split(path.sep).join("/");
        const url = `new URL(${JSON.stringify(relative)}, import.meta.url)`;
        const contents = (await readFile(file, "utf8"))
          .replace(/import\.meta\.(url|filename|dirname)/g, (_, what) =>
            what === "url" ? `${url}.href` : `__place.${what}(${url})`,
          )
          .replace(/\blazily\("([^"]+)"\)/g, (_, name) => {
            lazy.add(name);
            return `(() => require(${JSON.stringify(`./${fileOf(name)}`)}))`;
          });
        return { contents, loader: "js" };
      },
    );
  },
});

const BANNER = `import { createRequire as __createRequire } from "node:module";
import { fileURLToPath as __toPath } from "node:url";
const require = __createRequire(import.meta.url);
const __place = { filename: __toPath, dirname: (url) => __toPath(new URL(".", url)).replace(/[\\\\/]$/, "") };`;

/** Days that files of earlier builds stay, for processes that began with them and load more later. */
const KEPT_DAYS = 30;

/**
 * Makes dist/cli/ out of dist/src/cli.js, or another folder out of another program. Where esbuild is not there
 * (it is a package for development), there is none, and commands start from dist/src/cli.js. Processes that
 * run meanwhile find all their files. Gives whether it was made.
 */
export async function bundle(entry = ENTRY, out = OUT) {
  const esbuild = await import("esbuild").catch((error) => {
    if (error.code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  });
  if (esbuild === null) {
    await rm(out, { recursive: true, force: true });
    return false;
  }
  const common = {
    ...{ absWorkingDir: root, outdir: out, bundle: true, platform: "node", target: "node20.19" },
    ...{ legalComments: "none", minifyWhitespace: true, minifySyntax: true },
    ...{ logLevel: "error", metafile: true, write: false },
  };
  const lazy = new Set();
  const whole = await esbuild.build({
    ...common,
    entryPoints: [entry],
    ...{ format: "esm", splitting: true, banner: { js: BANNER } },
    external: [...LEFT_OUT, "./*.cjs"],
    plugins: [placesOf(lazy, out)],
  });
  const packages = await esbuild.build({
    ...common,
    entryPoints: [...lazy].map((name) => ({ in: name, out: fileOf(name).replace(/\.cjs$/, "") })),
    ...{ format: "cjs", outExtension: { ".js": ".cjs" } },
  });
  const builds = [packages, whole];
  const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  await mkdir(out, { recursive: true });
  await replace(path.join(out, "LICENSES.txt"), licences(inputs));
  const files = builds.flatMap(({ outputFiles }) => outputFiles);
  // The file that names all others comes last.
  const isFirst = (file) => path.basename(file.path) === path.basename(entry);
  for (const file of files.sort((a, b) => isFirst(a) - isFirst(b))) {
    await replace(file.path, file.contents);
  }
  const oldest = Date.now() - KEPT_DAYS * 86_400_000;
  for (const name of readdirSync(out)) {
    const file = path.join(out, name);
    if (statSync(file).mtimeMs < oldest) await rm(file, { force: true });
  }
  return true;
}

/** Writes a file in one step: whoever reads it meanwhile reads the old or the new one. */
async function replace(file, contents) {
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
