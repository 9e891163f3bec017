import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandLine } from "../../support/command-line.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-start-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The packages out of node_modules that a call loads, and how many modules in all, by Node's own account. */
async function loadedBy(
  ...args: readonly string[]
): Promise<{ packages: string[]; modules: number }> {
  const account = path.join(folder, "account");
  const run = await commandLine(() => folder, { NODE_V8_COVERAGE: account })(...args);
  expect(run.exitCode, run.stderr).toBe(0);
  const urls = readdirSync(account).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(path.join(account, name), "utf8")) as {
      result: { url: string }[];
    };
    return result.map(({ url }) => url).filter((url) => url.startsWith("file:"));
  });
  rmSync(account, { recursive: true });
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return { packages: [...new Set(names)].sort(), modules: urls.length };
}

/** What no command needs to say what it takes, or to check a spec. */
const HEAVY = ["@duckdb/node-api", "openai", "undici", "vega", "vega-lite", "@viz-js/viz"].concat([
  ...[
    "@tensorflow/tfjs-node-gpu",
    "@tensorflow/tfjs",
    "typescript",
    "log-update",
    "@clack/prompts",
  ],
]);

describe("the start of a command", () => {
  it("--help loads what reads the command line, and nothing that works", async () => {
    const { packages, modules } = await loadedBy("--help");
    // Beside yargs and its own packages.
    const others = packages.filter((name) => [...HEAVY, "ajv", "yaml", "execa"].includes(name));
    expect(others).toEqual([]);
    expect(modules).toBeLessThan(430);
  });

  it("validate loads beside this what reads and checks a spec", async () => {
    const spec = path.resolve(import.meta.dirname, "../../../experiments/quickstart.yaml");
    const { packages } = await loadedBy("validate", spec);
    expect(packages).toEqual(expect.arrayContaining(["ajv", "yaml"]));
    expect(packages.filter((name) => HEAVY.includes(name))).toEqual([]);
  });
});
