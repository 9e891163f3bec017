import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { findPython } from "../../../src/toolchain/python.js";
import { runProgram } from "../../../src/toolchain/program.js";
import { newFolder, removeFolders } from "../../support/stage.js";

afterAll(removeFolders);

it("runs Python without the modules that lie in the folder of a call", async () => {
  const cwd = await newFolder();
  await writeFile(path.join(cwd, "timeit.py"), "raise SystemExit('a file of the user ran')\n");
  const python = await findPython();
  if (!python.ok) throw python.error;
  for (const args of [
    ["-I", "-c", "import timeit"],
    ["-c", "import timeit"],
    ["-m", "timeit", "-n", "1", "pass"],
  ]) {
    const ran = await runProgram(python.value.path, args, { cwd });
    expect([ran.ok, ran.tail], args.join(" ")).toEqual([
      true,
      expect.not.stringContaining("a file of the user"),
    ]);
  }
});
