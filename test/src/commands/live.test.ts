import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lab, toyProgram } from "../../support/engine.js";

const terminal = path.resolve(import.meta.dirname, "../../support/terminal.py");
const CTRL_C = "\u0003";
const CURSOR_OFF = "\u001b[?25l";

type Step = readonly [shown: string, then: string | readonly [number, number] | { remove: string }];

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

interface OnTerminal {
  readonly screen: string;
  readonly status: number;
  readonly left: unknown[];
  /** Whether the terminal was left as it was. */
  readonly plain: boolean;
}

/** A command of the toy on a terminal of its own, 40 rows of 120 columns. */
async function onTerminal(
  args: readonly string[],
  steps: readonly Step[],
  environment: { readonly [name: string]: string } = {},
): Promise<OnTerminal> {
  const { stdout } = await execa(
    "python3",
    [terminal, JSON.stringify(steps), process.execPath, await toyProgram(), ...args],
    {
      cwd: lab.folder,
      env: {
        ...{ TERM: "xterm", TOY: path.join(lab.folder, "toy"), R4EC_STORE: lab.store },
        ...{ R4EC_MLFLOW_URI: "off", R4EC_GPUS: "none", HOME: lab.folder },
        // Unset, whatever this machine says.
        ...{ NO_COLOR: undefined, CI: undefined },
        ...environment,
      },
    },
  );
  return JSON.parse(stdout) as OnTerminal;
}

const spec = "name: toy\nsweep:\n  grid:\n    toy.model: [a, b, c]\n";
const flagFile = (name: string): string => path.join(lab.folder, "toy", name);

/** The lines that were written, without colours; drawn ones among them many times. */
const linesOf = (screen: string): string[] =>
  stripVTControlCharacters(screen)
    .split(/\r?\n/)
    .map((line) => line.trimEnd());

describe("the live view in a terminal", () => {
  it("shows kinds, workers and time, follows the window, and leaves the result alone", async () => {
    await lab.spec(spec);
    lab.flag("a.hold");
    const { screen, status, left, plain } = await onTerminal(
      ["sweep", "spec.yaml"],
      [
        ["model a  1 of 2 steps", [12, 50]],
        // In the narrow window no bar is drawn, and the time has a line of its own.
        ["  model  2 of 3, 1 running", [40, 120]],
        ["▒ 2 of 3, ", { remove: flagFile("a.hold") }],
        ["toy: done", ""],
      ],
      { NO_COLOR: "1" },
    );
    expect([left, status, plain], screen).toEqual([[], 0, true]);
    expect(screen).not.toContain(CURSOR_OFF);
    const lines = linesOf(screen);
    const narrow = lines.slice(
      lines.findIndex((line) => line === "  model  2 of 3, 1 running"),
      lines.findLastIndex((line) => line === "  model  2 of 3, 1 running"),
    );
    expect(narrow.every((line) => line.length < 50)).toBe(true);
    // The last thing on the screen is the result: the view was taken away.
    const end = screen.slice(screen.lastIndexOf("✓"));
    expect(end).toContain("toy: done");
    expect(end.slice(end.indexOf("toy: done"))).not.toContain("so far");
  });

  it("tells why a cell failed, with the last lines of its log, while others go on", async () => {
    await lab.spec(
      "name: toy\nsweep:\n  zip:\n    - {toy.model: [a, b], toy.act: [work, crash]}\n",
    );
    lab.flag("a.hold");
    const { screen, left } = await onTerminal(
      ["sweep", "spec.yaml"],
      [
        ["exit status 7", ""],
        ["last words", ""],
        ["log: ", ""],
        ["1 failed", { remove: flagFile("a.hold") }],
        ["toy: failed", ""],
      ],
    );
    expect(left, screen).toEqual([]);
    expect(screen).toContain("\u001b[36mworker ");
  });

  it("ended by Ctrl-C leaves a terminal that is as it was; with NO_COLOR nothing is coloured", async () => {
    await lab.spec(spec);
    lab.flag("a.hold");
    const { screen, status, left, plain } = await onTerminal(
      ["sweep", "spec.yaml"],
      [
        ["model a  1 of 2 steps", CTRL_C],
        ["stopping at the next checkpoints", ""],
        ["toy: interrupted", ""],
      ],
      { NO_COLOR: "1" },
    );
    expect([left, status, plain], screen).toEqual([[], 130, true]);
    expect(screen).not.toContain(CURSOR_OFF);
    expect(screen).not.toMatch(/\u001b\[[0-9;]*m/);
    expect(screen.slice(screen.lastIndexOf("toy: interrupted"))).not.toContain("so far");
  });

  it("is not drawn for --json and in CI: there lines are written", async () => {
    await lab.spec(spec);
    for (const [args, environment] of [
      [["--json"], {}],
      [[], { CI: "true" }],
    ] as const) {
      const { screen } = await onTerminal(["sweep", "spec.yaml", ...args], [], environment);
      expect(screen).not.toContain("so far");
      expect(screen).not.toContain("\u001b[2K");
    }
    // The second sweep finds all there; the first wrote a line for each stage.
    const { stdout } = await lab.run("status", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ sweeps: [{ stage_counts: { done: 4 } }] });
  });
});

describe("status --follow", () => {
  it("shows a sweep of another process out of its journal until it is over", async () => {
    await lab.spec(spec);
    lab.flag("a.hold");
    lab.flag("b.hold");
    const sweep = lab.start("sweep", "spec.yaml");
    await lab.logged("holding a");
    const { screen, left, status } = await onTerminal(
      ["status", "--follow"],
      [
        // What a stage says of itself comes by the journal too.
        ["model a  1 of 2 steps", { remove: flagFile("b.hold") }],
        ["✓", ""],
        ["model b", { remove: flagFile("a.hold") }],
        ["model a", ""],
        [": done", ""],
      ],
      { NO_COLOR: "1" },
    );
    expect([left, status], screen).toEqual([[], 0]);
    expect((await sweep.finished).code).toBe(0);
  });

  it("ends where the sweep's process is killed, and says what became of it; --json is refused", async () => {
    await lab.spec(spec);
    lab.flag("a.hold");
    const sweep = lab.start("sweep", "spec.yaml");
    await lab.logged("holding a");
    const following = lab.start("status", "--follow");
    await lab.logged("end b");
    sweep.child.kill("SIGKILL");
    await sweep.finished;
    const { stdout, code } = await following.finished;
    expect([code, stdout]).toEqual([0, expect.stringContaining(": interrupted")]);
    const refused = await lab.run("status", "--follow", "--json");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("choose one of")]);
  });
});
