// Puts the command line and the packages that it starts with into few files, dist/cli/: to open and link
// hundreds of small modules takes longer than anything else in the start of a command. Worker processes
// and programs that are found by their place go on using dist/src and dist/runners.
import { readFileSync, readdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const OUT = path.join(root, "dist", "cli");

/** Packages with native parts or files of their own, and those that few commands load and that are large. */
const LEFT_OUT = [
  ...["@duckdb/node-api", "@resvg/resvg-js", "@tensorflow/*", "@energetic-ai/*", "typescript"],
  ...["vega", "vega-lite", "@viz-js/viz", "openai", "undici", "@clack/prompts"],
  ...["dejavu-fonts-ttf", "node-api-headers"],
];

/** The file of a package that is loaded when it is first asked for. */
const fileOf = (name) => `${name.replaceAll(/[^a-z0-9]+/gi, "-").replace(/^-/, "")}.cjs`;

/** Compiled files keep the place that they know of themselves. `lazy` gets the packages that are loaded lazily. */
const placesOf = (lazy) => ({
  name: "places",
  setup(build) {
    build.onLoad({ filter: /[\\/]dist[\\/](src|runners)[\\/].*\.js$/ }, async ({ path: file }) => {
      const relative = path.relative(OUT, file).split(path.sep).join("/");
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
    });
  },
});

const BANNER = `import { createRequire as __createRequire } from "node:module";
import { fileURLToPath as __toPath } from "node:url";
const require = __createRequire(import.meta.url);
const __place = { filename: __toPath, dirname: (url) => __toPath(new URL(".", url)).replace(/[\\\\/]$/, "") };`;

/**
 * Makes dist/cli/ out of dist/src/cli.js. Where esbuild is not there (it is a package for development), there
 * is none, and commands start from dist/src/cli.js.
 */
export async function bundle() {
  await rm(OUT, { recursive: true, force: true });
  const esbuild = await import("esbuild").catch((error) => {
    if (error.code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  });
  if (esbuild === null) return;
  const common = {
    ...{ absWorkingDir: root, outdir: OUT, bundle: true, platform: "node", target: "node20.19" },
    ...{ legalComments: "none", minifyWhitespace: true, minifySyntax: true },
    ...{ logLevel: "error", metafile: true },
  };
  const lazy = new Set();
  const whole = await esbuild.build({
    ...common,
    entryPoints: [path.join(root, "dist", "src", "cli.js")],
    ...{ format: "esm", splitting: true, banner: { js: BANNER } },
    external: [...LEFT_OUT, "./*.cjs"],
    plugins: [placesOf(lazy)],
  });
  const packages = await esbuild.build({
    ...common,
    entryPoints: [...lazy].map((name) => ({ in: name, out: fileOf(name).replace(/\.cjs$/, "") })),
    ...{ format: "cjs", outExtension: { ".js": ".cjs" } },
  });
  const inputs = [whole, packages].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  await writeFile(path.join(OUT, "LICENSES.txt"), licences(inputs));
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
