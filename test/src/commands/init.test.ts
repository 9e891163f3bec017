import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { R4EC } from "../../support/command-line.js";

const terminal = path.resolve(import.meta.dirname, "../../support/terminal.py");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-init-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENTER = "\r";
const DOWN = "\u001B[B";
const CTRL_C = "\u0003";

/** `r4ec init` on a terminal of its own, where keys are typed once the screen shows a text. */
async function onTerminal(
  args: readonly string[],
  steps: readonly (readonly [shown: string, keys: string])[],
): Promise<{ readonly screen: string; readonly status: number; readonly left: unknown[] }> {
  const { stdout } = await execa(
    "python3",
    [terminal, JSON.stringify(steps), process.execPath, R4EC, "init", ...args],
    { cwd: folder, env: { TERM: "xterm" } },
  );
  return JSON.parse(stdout) as never;
}

describe("r4ec init on a terminal", () => {
  it("writes the spec of the answers, which is valid", async () => {
    const { status, screen, left } = await onTerminal(
      ["new/mine.yaml"],
      [
        ["Which data?", ENTER],
        ["What do you want to know?", `${DOWN}${DOWN}${DOWN}${ENTER}`],
        ["How many seeds?", `0${ENTER}`],
        ["from 1 to 100", `\u007F2${ENTER}`],
      ],
    );
    expect([status, left], screen).toEqual([0, []]);
    const text = readFileSync(path.join(folder, "new/mine.yaml"), "utf8");
    expect(text).toContain("seed: [1, 2]");
    expect(text).toContain("baseline: {backbone: din}");
  });

  it("takes what each question offers first with --yes, as without a terminal", async () => {
    const asked = await onTerminal(["--yes"], []);
    expect(asked.status, asked.screen).toBe(0);
    expect(asked.screen).not.toContain("Which data?");
    await execa(process.execPath, [R4EC, "init", "other.yaml"], { cwd: folder, input: "" });
    const [one, other] = ["experiment.yaml", "other.yaml"].map((file) =>
      readFileSync(path.join(folder, file), "utf8"),
    );
    expect(one).toBe(other);
  });

  it.each([
    ["at the first question", [["Which data?", CTRL_C]]],
    [
      "at a later one",
      [
        ["Which data?", `${DOWN}${ENTER}`],
        ["The folder with ratings.dat", `nowhere${ENTER}`],
        ["there is no folder nowhere", CTRL_C],
      ],
    ],
  ] as const)("ends with status 130 at Ctrl-C %s, and nothing is written", async (_, steps) => {
    const { status, screen, left } = await onTerminal(["new/mine.yaml"], steps);
    expect([status, left], screen).toEqual([130, []]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("asks nothing where the file is there already", async () => {
    await onTerminal(["--yes", "mine.yaml"], []);
    const again = await onTerminal(["mine.yaml"], []);
    expect([again.status, again.screen]).toEqual([2, expect.stringContaining("is there already")]);
    expect(existsSync(path.join(folder, "mine.yaml"))).toBe(true);
  });
});
