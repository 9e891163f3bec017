import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { ExitCode } from "../../../src/base/exit.js";

const root = path.resolve(import.meta.dirname, "../../..");

it("gives the scripts that run before anything is compiled the same exit statuses", async () => {
  const module = new URL("../../../scripts/exit-status.mjs", import.meta.url);
  const statuses = (await import(module.href)) as { readonly [name: string]: number };
  expect({ ...statuses }).toEqual({
    CHECK_FAILED: ExitCode.cellsFailed,
    ENVIRONMENT: ExitCode.environment,
  });
});

it("finds no exit status written as a number", () => {
  const folders = ["src", "runners", "bench", "scripts", "bin"];
  const files = execFileSync("git", ["ls-files", ...folders], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => /\.(ts|mjs|js)$/.test(file));
  expect(files.length).toBeGreaterThan(300);
  const literal =
    /process\.exit\(\d|process\.exitCode (=|[!=]==) \d|new \w*Failure\([^;]*, \d+,?\s*\)/;
  const found = files.filter((file) => literal.test(readFileSync(path.join(root, file), "utf8")));
  expect(found).toEqual([]);
});
