import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDataset } from "../../../../../runners/base/artifacts/dataset.js";
import { readNpy } from "../../../../../runners/base/files/npy.js";
import { quality } from "../../../../../runners/stages/ctr/metrics.js";
import { processesOfStage } from "../../../../../runners/base/python/run.js";
import type { Fingerprint } from "../../../../../src/base/fingerprint.js";
import { Drained } from "../../../../../src/contract/runner.js";
import { newFolder, removeFolders } from "../../../../support/stage.js";
import { runRequest, runSource, smallDataset, stageOf } from "./stages.js";

// Secrets of the environment are learnt once, before anything is written.
process.env["MY_LAB_TOKEN"] = "correct-horse-7-battery";

let dataset: string;
let test: number;
let valid: number;
beforeAll(async () => {
  dataset = await smallDataset();
  const data = await readDataset(dataset);
  [test, valid] = [data.test.length, data.valid.length];
}, 60_000);
afterAll(removeFolders);

/** Python's standard library alone: writes NumPy files by hand, so that these tests need no NumPy. */
const HEAD = `
import json, os, struct, sys, time
p = json.load(open(sys.argv[1]))
tests, valids = p["sizes"]["samples"]["test"], p["sizes"]["samples"]["valid"]
def save(name, values, shape=None, dtype="<f4", code="f"):
    shape = shape or (len(values),)
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\\n"
    with open(os.path.join(p["output"], name), "wb") as out:
        out.write(b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(head)) + head.encode())
        out.write(struct.pack(f"<{len(values)}{code}", *values))
scores = lambda n: [(i * 37 % 101) / 101 for i in range(n)]
`;
const run = (source: string, ...rest: unknown[]) =>
  runSource(HEAD + source, dataset, ...(rest as []));
const SCORED = `save("predictions.npy", scores(tests))\n`;

it("is told its settings, and its predictions are tested as those of any backbone", async () => {
  const { result, out, events, error } = await run(
    `
print("loading")
for epoch in (1, 2):
    print(json.dumps({"epoch": epoch, "train.loss": 1 / epoch}), flush=True)
print(json.dumps({"best_epoch": 2, "parameters": 7}))
save("predictions.npy", scores(tests))
save("valid_predictions.npy", scores(valids))
os.makedirs(p["output"] + "/deep")
json.dump(p, open(p["output"] + "/deep/params.json", "w"))
print(json.dumps({"done": 1, "total": 2, "unit": "files"}), end="")
`,
    { seed: 4, ctr: { epochs: 3, history_length: 6 }, options: { hidden: [8, 4] } },
  );
  expect(error).toBeUndefined();
  const told = JSON.parse(await readFile(path.join(out, "output/deep/params.json"), "utf8")) as {
    [name: string]: unknown;
  };
  expect(told).toMatchObject({
    ...{ format: "r4ec-program-1", name: "my", seed: 4, options: { hidden: [8, 4] } },
    ctr: { epochs: 3, history_length: 6, learning_rate: 0.001, user_id: false },
    sizes: { format: "r4ec-arrays-1", users: 12, items: 30, samples: { test, valid } },
    ...{ device: "cpu", threads: 1 },
  });
  const data = await readDataset(dataset);
  const scored = await readNpy(path.join(out, "predictions.npy"));
  const expected = quality(
    scored.data as Float32Array,
    Float32Array.from(data.test, (row) => Number(data.interactionRating[row]! > data.likeAbove)),
    data.test.map((row) => data.interactionUser[row]!),
  );
  expect(result!.metrics).toMatchObject({
    ...{ "test.auc": expected.auc, "test.logloss": expected.logloss, "test.gauc": expected.gauc },
    ...{ best_epoch: 2, epochs: 2, parameters: 7 },
  });
  expect(result!.metrics["valid.auc"]).toBeGreaterThan(0);
  expect(events).toContainEqual({ type: "metrics", step: 2, values: { "train.loss": 0.5 } });
  expect(events).toContainEqual({ type: "progress", done: 2, total: 3, unit: "epochs" });
  expect(events).toContainEqual({ type: "progress", done: 1, total: 2, unit: "files" });
  expect(await readFile(path.join(out, "program.log"), "utf8")).toContain("loading\n");
  const kept = await readFile(path.join(out, "params.json"), "utf8");
  expect(kept).not.toContain(told["data"]);
});

it("runs in the environment that the spec names, which is no part of its identity", async () => {
  const folder = await newFolder();
  await execa("python3", ["-m", "venv", "--without-pip", path.join(folder, "lab")]);
  const source = `${HEAD}import shutil\nassert shutil.which("python") == sys.executable, (shutil.which("python"), sys.executable, os.environ["PATH"])\nprint(json.dumps({"epoch": 1, "prefix.matches": float(sys.prefix == os.environ["VIRTUAL_ENV"])}))\n${SCORED}`;
  await writeFile(path.join(folder, "my.py"), source);
  const backbone = { name: "my", command: ["python", "my.py"], files: ["my.py"] };
  const stage = stageOf({ backbone: { ...backbone, environment: "lab" } }, folder);
  const other = stageOf(
    { backbone: { ...backbone, command: [path.join(folder, "lab/bin/python3"), "my.py"] } },
    folder,
  );
  expect(stage.params).toEqual(other.params);
  const { events, error } = await runRequest(stage, dataset);
  expect(error).toBeUndefined();
  const lab = path.join(folder, "lab");
  expect(events.find(({ type }) => type === "facts")).toMatchObject({
    values: { program: path.join(lab, "bin/python"), environment: lab },
  });
  expect(events.find(({ type }) => type === "metrics")).toMatchObject({
    values: { "prefix.matches": 1 },
  });
});

it("says nothing of validation where the program scored no such samples", async () => {
  const { result } = await run(SCORED);
  expect(Object.keys(result!.metrics).sort()).toEqual(["test.auc", "test.gauc", "test.logloss"]);
});

describe("what is wrong with a program is one clear error", () => {
  it.each([
    ["no predictions", "", "my: it ended without predictions.npy; its output folder is empty"],
    [
      "another file",
      `save("scores.npy", scores(tests))`,
      "ended without predictions.npy; its output folder holds scores.npy",
    ],
    [
      "a wrong length",
      `save("predictions.npy", scores(tests - 1))`,
      /has the shape \[\d+\]; r4ec wants float32 \[\d+\], a probability for each test sample/,
    ],
    [
      "a column in place of a list",
      `save("predictions.npy", scores(tests), (tests, 1))`,
      "save it with .reshape(-1)",
    ],
    [
      "not a number",
      `save("predictions.npy", [float("nan")] * tests)`,
      "predictions.npy: number 0 (from 0) is NaN",
    ],
    ["logits", `save("predictions.npy", [3.5] * tests)`, "is 3.5; r4ec wants"],
    ["less than 0", `save("predictions.npy", [-0.5] * tests)`, "if these are logits"],
    [
      "whole numbers",
      `save("predictions.npy", [1] * tests, None, "<i4", "i")`,
      "predictions.npy holds numbers of type <i4; r4ec wants float32",
    ],
    ["no array", `open(p["output"] + "/predictions.npy", "w").write("0.5")`, "is not a NumPy file"],
    [
      "wrong validation scores",
      `${SCORED}save("valid_predictions.npy", scores(3))`,
      "valid_predictions.npy has the shape [3]",
    ],
  ])("%s", async (_, source, message) => {
    const { error, result } = await run(source);
    expect(result).toBeUndefined();
    expect(error).toMatchObject({ kind: "spec" });
    expect(error!.message).toMatch(message);
    expect(existsSync(error!.log!)).toBe(true);
  });

  it("an end with a status other than 0, with its last words and the path of its log", async () => {
    const { error } = await run(`print("step 9", flush=True)\nraise ValueError("no such layer")`);
    expect(error).toMatchObject({
      kind: "spec",
      message: "my failed (exit status 1): ValueError: no such layer",
    });
    expect(error!.detail).toContain("step 9");
    expect(await readFile(error!.log!, "utf8")).toMatch(/step 9\n[^]*ValueError: no such layer/);
  });

  it.each([
    ["a full card", "torch.OutOfMemoryError: CUDA out of memory.", "gpu_memory"],
    ["a full machine", "MemoryError", "memory"],
    ["a network that does not answer", "requests.exceptions.ConnectionError: x", "network"],
  ])("%s is a failure of the machine, which another try may mend", async (_, words, kind) => {
    const { error } = await run(`sys.exit(${JSON.stringify(words)})`);
    expect(error).toMatchObject({ kind: "machine", class: kind });
  });

  it("a line that was to be JSON is named, and the result stands", async () => {
    const { events, result } = await run(
      `print('{"epoch": 1, "train.loss": NaN}')\nprint("{'epoch': 1}")\n${SCORED}`,
    );
    const notes = events.flatMap((event) => (event.type === "note" ? [event.message] : []));
    expect(notes[0]).toContain(`{"epoch": 1, "train.loss": NaN}: it is not JSON: JSON has no NaN`);
    expect(notes).toHaveLength(1);
    expect(result!.metrics["test.auc"]).toBeDefined();
  });
});

it("finds the files that its backbone names where they stand from each other, and no others", async () => {
  const root = await newFolder();
  await mkdir(path.join(root, "specs/code"), { recursive: true });
  await mkdir(path.join(root, "shared"));
  await writeFile(path.join(root, "shared/more.py"), "VALUE = 5\n");
  await writeFile(path.join(root, "specs/unnamed.txt"), "");
  await writeFile(
    path.join(root, "specs/code/my.py"),
    `${HEAD}
sys.path.append("../shared")
import more
assert more.VALUE == 5 and sys.argv[1:-1] == [] and not os.path.exists("unnamed.txt")
assert os.path.samefile(os.path.dirname(sys.argv[0]), "code")
json.dump({}, open("written-beside-the-copy.json", "w"))
${SCORED}`.replace("sys.argv[1]))", "sys.argv[-1]))"),
  );
  const stage = stageOf(
    {
      backbone: {
        ...{ name: "my", command: ["python3", "code/my.py"] },
        files: ["code/my.py", "../shared/more.py"],
      },
    },
    path.join(root, "specs"),
  );
  const { result, error } = await runRequest(stage, dataset);
  expect(error).toBeUndefined();
  expect(result!.metrics["test.auc"]).toBeDefined();
  expect(existsSync(path.join(root, "specs/written-beside-the-copy.json"))).toBe(false);
});

it("is called without a shell: words of its command are what they are", async () => {
  const folder = await newFolder();
  const source = `${HEAD}${SCORED}json.dump(sys.argv, open(p["output"] + "/argv.json", "w"))`;
  await writeFile(path.join(folder, "my.py"), source.replace("sys.argv[1]", "sys.argv[-1]"));
  const words = ["`id`", "a b", "; touch x", "*"];
  const command = ["python3", "my.py", ...words];
  const backbone = { name: "my", command, files: ["my.py"] };
  const { out } = await runRequest(stageOf({ backbone }, folder), dataset);
  const argv = JSON.parse(await readFile(path.join(out, "output/argv.json"), "utf8")) as string[];
  expect(argv.slice(1, -1)).toEqual(words);
});

it("keeps secrets out of the log, also where they stand in the environment", async () => {
  const said = `print("token", os.environ["MY_LAB_TOKEN"], flush=True)\nsys.exit("key sk-abc123def456 " + os.environ["MY_LAB_TOKEN"])`;
  const { error } = await run(said);
  const log = await readFile(error!.log!, "utf8");
  expect(log).toContain("token ***");
  expect(log).not.toMatch(/correct-horse|abc123/);
});

it("is stopped with all that it has started, and goes on with what it kept", async () => {
  const fingerprint = `own-${process.pid}-${Date.now()}`;
  const work = await newFolder();
  const source = `
import subprocess
kept = p["work"] + "/state"
if not os.path.exists(kept):
    open(kept, "w").write("5")
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    print(json.dumps({"done": 1, "total": 2}), flush=True)
    time.sleep(600)
${SCORED}`;
  const stopped = await run(source, {}, {
    work,
    fingerprint,
    onEvent: (event: { type: string }, drain: () => void) => {
      if (event.type === "progress") drain();
    },
  } as never);
  expect(stopped.thrown).toBeInstanceOf(Drained);
  expect(processesOfStage({ fingerprint: fingerprint as Fingerprint, work })).toEqual([]);
  const again = await run(source, {}, { work, fingerprint } as never);
  expect(again.result!.metrics["test.auc"]).toBeDefined();
}, 60_000);
