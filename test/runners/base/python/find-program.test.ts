import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { commandProgram } from "../../../../runners/base/python/find-program.js";

let folder: string;
const program = (...parts: string[]): string => {
  const file = path.join(folder, ...parts);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
  return file;
};
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-program-"));
  vi.stubEnv("PATH", path.join(folder, "usr"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("means the environment's program, else the first on PATH; an absolute path is taken as it is", () => {
  const environment = path.join(folder, "lab");
  const found = () => commandProgram("vllm", environment);
  expect(found()).toEqual({ program: "vllm", from: "nowhere" });
  const onPath = program("usr", "vllm");
  expect(found()).toEqual({ program: onPath, from: "PATH" });
  const own = program("lab", "bin", "vllm");
  expect(found()).toEqual({ program: own, from: "the llm environment" });
  expect(commandProgram(onPath, environment)).toEqual({
    program: onPath,
    from: "an absolute path",
  });
});
