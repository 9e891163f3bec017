import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

it("docs/adding-a-backbone.md lists the toolkit as its code has it", async () => {
  const script = path.join(root, "scripts/kit-reference.mjs");
  const { exitCode, stderr } = await execa(process.execPath, [script, "--check"], {
    reject: false,
  });
  expect(exitCode, stderr).toBe(0);
});
