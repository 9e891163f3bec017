import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commandLine, R4EC } from "../../support/command-line.js";
import { debianProgram, INSTALL_TIMEOUT } from "../../support/debian.js";

const terminal = path.resolve(import.meta.dirname, "../../support/terminal.py");
const TAB = "\t";
/** zsh writes this before it reads a line: that text is pasted may be told from typing. */
const READY = "\u001b[?2004h";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-completion-"));
  const program = path.join(folder, "r4ec");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${R4EC}" "$@"\n`);
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Types into an interactive shell; what was to appear on its terminal and did not. */
async function typed(
  shell: readonly string[],
  steps: readonly (readonly [shown: string, then: string])[],
  loginShell: string,
): Promise<{ left: unknown; screen: string }> {
  const { stdout } = await execa("python3", [terminal, JSON.stringify(steps), ...shell], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env["PATH"]}`, TERM: "dumb", SHELL: loginShell },
  });
  return JSON.parse(stdout) as { left: unknown; screen: string };
}

it("completes commands, options and their values in a bash that a user types into, whatever the login shell", async () => {
  const { screen, left } = await typed(
    ["bash", "--norc", "--noprofile", "-i"],
    [
      ["bash-", 'eval "$(r4ec completion bash)"; echo re""ady\r'],
      ["ready", `r4ec valid${TAB}`],
      ["validate ", "\u0015"],
      ["", `r4ec sweep --fail${TAB}`],
      ["--failure ", TAB + TAB],
      ["keep-going", "\u0015"],
      ["", "exit\r"],
    ],
    "/bin/zsh",
  );
  expect(left, screen).toEqual([]);
  expect(screen).not.toContain("validate:");
}, 60_000);

it(
  "does so in a zsh, with what each is for",
  async () => {
    const zsh = await debianProgram(["zsh"], ["zsh"], "zsh, in which completion is tried");
    const { screen, left } = await typed(
      [zsh, "-f", "-i"],
      [
        [
          READY,
          'autoload -Uz compinit; compinit -u -D; eval "$(r4ec completion zsh)"; echo re""ady\r',
        ],
        ["ready", `r4ec valid${TAB}`],
        ["validate ", "\u0015"],
        ["", `r4ec re${TAB}${TAB}`],
        ["continue a sweep", "\u0015"],
        ["", `r4ec sweep --fail${TAB}`],
        ["--failure ", "\u0015"],
        ["", "exit\r"],
      ],
      "/bin/bash",
    );
    expect(left, screen).toEqual([]);
  },
  INSTALL_TIMEOUT,
);

it("writes a script for the shell that is named, and knows no other", async () => {
  const r4ec = commandLine(() => folder, { SHELL: "/bin/bash" });
  expect((await r4ec("completion", "zsh")).stdout).toContain("#compdef r4ec");
  expect((await r4ec("completion", "bash")).stdout).toContain("complete -o bashdefault");
  const fish = await r4ec("completion", "fish");
  expect([fish.exitCode, fish.stderr]).toEqual([2, expect.stringContaining("bash and zsh")]);
}, 60_000);
