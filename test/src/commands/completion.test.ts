import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commandLine, R4EC } from "../../support/command-line.js";

const terminal = path.resolve(import.meta.dirname, "../../support/terminal.py");
const TAB = "\t";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-completion-"));
  const program = path.join(folder, "r4ec");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${R4EC}" "$@"\n`);
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("completes commands, options and their values in a bash that a user types into", async () => {
  const steps = [
    ["bash-", 'eval "$(r4ec completion bash)"; echo re""ady\r'],
    ["ready", `r4ec valid${TAB}`],
    ["validate ", "\u0015"],
    ["", `r4ec sweep --fail${TAB}`],
    ["--failure ", TAB + TAB],
    ["keep-going", "\u0015"],
    ["", "exit\r"],
  ];
  const { stdout } = await execa(
    "python3",
    [terminal, JSON.stringify(steps), "bash", "--norc", "--noprofile", "-i"],
    { cwd: folder, env: { PATH: `${folder}:${process.env["PATH"]}`, TERM: "dumb" } },
  );
  const { screen, left } = JSON.parse(stdout) as { screen: string; left: unknown[] };
  expect(left, screen).toEqual([]);
}, 60_000);

it("writes a script for the shell that is named, and knows no other", async () => {
  const r4ec = commandLine(() => folder, { SHELL: "/bin/bash" });
  expect((await r4ec("completion", "zsh")).stdout).toContain("#compdef r4ec");
  expect((await r4ec("completion", "bash")).stdout).toContain("complete -o bashdefault");
  const fish = await r4ec("completion", "fish");
  expect([fish.exitCode, fish.stderr]).toEqual([2, expect.stringContaining("bash and zsh")]);
}, 60_000);
