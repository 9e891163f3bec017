import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UserProgram } from "../../../src/contract/user-program.js";
import { examineProgram } from "../../../src/doctor/programs.js";

let folder: string;
let venv: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-programs-"));
  venv = path.join(folder, "venv");
  await execa("python3", ["-m", "venv", "--without-pip", venv]);
  const { stdout } = await execa(path.join(venv, "bin/python"), [
    ...["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
  ]);
  // A package as pip leaves it: the module's name is not that of the package.
  await mkdir(path.join(stdout, "wings"));
  await writeFile(
    path.join(stdout, "wings/__init__.py"),
    "raise SystemExit('not to be imported')\n",
  );
  const info = path.join(stdout, "feathered_wings-1.5.dist-info");
  await mkdir(info);
  await writeFile(path.join(info, "METADATA"), "Name: feathered-wings\nVersion: 1.5\n");
  await writeFile(path.join(info, "RECORD"), "wings/__init__.py,,\n");
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is said of a program that these texts are the files of, by their names. */
async function saidOf(texts: { readonly [file: string]: string }, more: Partial<UserProgram> = {}) {
  const files = Object.keys(texts).map((name) => path.join(folder, "code", name));
  for (const [at, text] of Object.values(texts).entries()) {
    await mkdir(path.dirname(files[at]!), { recursive: true });
    await writeFile(files[at]!, text);
  }
  const python = path.join(venv, "bin/python");
  const own = { name: "mine", program: python, python, environment: venv, files, ...more };
  return examineProgram(own);
}

describe("a program of the user's own", () => {
  it("can run where its environment has all that it imports, without being run", async () => {
    const { state, detail } = await saidOf({
      "main.py":
        "import json, os.path, wings.tips\nfrom lib.net import Net\nfrom . import other\nraise SystemExit(1)\n",
      "lib/net.py": "try:\n    import no_fins\nexcept ImportError:\n    import no_tail\n",
      "notes.txt": "import no_gills",
    });
    expect(state).toBe("ok");
    expect(detail).toMatch(/: Python 3\.\d+\.\d+, wings 1\.5\nits cells: yes$/u);
  });

  it("cannot where a module is missing, wherever it is imported", async () => {
    const late = "def fly():\n    from no_fins.tail import x\n";
    const caught = "try:\n    pass\nexcept ValueError:\n    import no_gills as g\n";
    const { state, detail } = await saidOf({ "main.py": late, "lib/net.py": caught });
    expect(state).toBe("warning");
    expect(detail).toMatch(/its cells: no, it lacks no_fins, no_gills$/u);
  });

  it("cannot where its Python does not know the language of a file", async () => {
    const { detail } = await saidOf({ "main.py": "x = 1\nprint 'two'\n" });
    expect(detail).toMatch(/its cells: no, this Python cannot read main\.py:2: /u);
  });

  it.each<[string, Partial<UserProgram>, string, RegExp]>([
    ["is not here", { program: null }, "failed", /does not have$/u],
    ["has a Python that does not run", { python: "/bin/false" }, "failed", /does not work/u],
    [
      "has no Python",
      { program: "/bin/true", python: null, environment: null },
      "ok",
      /no Python/u,
    ],
  ])("that %s is told so", async (_, more, state, detail) => {
    const said = await saidOf({}, more);
    expect(said.state).toBe(state);
    expect(said.detail).toMatch(detail);
  });
});
