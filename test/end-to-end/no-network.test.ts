import {
  cp,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExitCode } from "../../src/base/exit.js";
import type { Manifest } from "../../src/pack/manifest.js";
import { R4EC } from "../support/command-line.js";
import { hubServer, type HubServer } from "../support/hub-server.js";
import { withoutNetwork } from "../support/no-network.js";
import { tinyQwen2 } from "../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain, testToolchainFolder } from "../support/toolchain.js";

/*
 * One pack, made from the toolchain of the tests, goes to a "machine" without network: an empty home in
 * a network namespace without any route.
 */

const excerpt = fileURLToPath(new URL("../data/ml-1m", import.meta.url));
let folder: string;
/** A hub with one model, and the environment of programs that read models. */
let hub: HubServer;
let llm: string;
/** Where the parts arrive, and the home of the other machine. */
let arrived: string;
let home: string;

interface PackJson {
  readonly items: readonly {
    readonly name: string;
    readonly kept: boolean;
    readonly parts: number;
  }[];
}
interface FromJson {
  readonly ok: boolean;
  readonly items: readonly {
    readonly name: string;
    readonly state: string;
    readonly missing: readonly string[];
    readonly bad: readonly { readonly file: string; readonly why: string }[];
    readonly folder: string | null;
  }[];
}

const pack = async (...args: string[]): Promise<PackJson> => {
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [R4EC, "setup", "--pack", path.join(folder, "pack"), "--json", ...args],
    {
      cwd: folder,
      reject: false,
      env: {
        ...{ R4EC_TOOLCHAIN: testToolchainFolder(), R4EC_TENSORFLOW: "cpu" },
        ...{ HF_ENDPOINT: hub.address, HF_HOME: path.join(folder, "hub") },
      },
    },
  );
  expect(exitCode, stderr).toBe(ExitCode.done);
  return JSON.parse(stdout) as PackJson;
};

const there = (...program: string[]) =>
  withoutNetwork(program, {
    cwd: home,
    env: {
      HOME: home,
      PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin:/usr/sbin:/sbin`,
      R4EC_TENSORFLOW: "cpu",
      TF_CPP_MIN_LOG_LEVEL: "2",
    },
  });
const r4ec = (...args: string[]) => there(path.join(home, "lab", "bin", "r4ec"), ...args);
const setupFrom = async (): Promise<FromJson & { readonly exitCode: number | undefined }> => {
  const { stdout, stderr, exitCode } = await r4ec("setup", "--from", arrived, "--json");
  if (stdout === "") throw new Error(stderr);
  return { ...(JSON.parse(stdout) as FromJson), exitCode };
};
const statesOf = ({ items }: FromJson) => Object.fromEntries(items.map((i) => [i.name, i.state]));

beforeAll(async () => {
  await testToolchain("tensorflow");
  folder = await mkdtemp(path.join(tmpdir(), "r4ec-no-network-"));
  arrived = path.join(folder, "arrived");
  home = path.join(folder, "home");
  await mkdir(arrived);
  await mkdir(home);
  llm = (await testToolchain("llm")).paths.environments["llm"]!;
  const model = await tinyQwen2(llm, folder);
  // Larger than the 10 MiB that the hub's library takes at a time.
  await writeFile(path.join(model, "training_args.bin"), Buffer.alloc(24e6, "r4ec"));
  await mkdir(path.join(model, "onnx"));
  await writeFile(path.join(model, "onnx", "model.onnx"), "an export that nothing here reads");
  hub = await hubServer({ name: "acme/tiny", revisions: ["main", "v1"], folder: model });
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

/** The item of the pack that holds the model: a file's name cannot hold all of the model's. */
const MODEL = "models-acme-tiny-v1-13368f";

describe("a pack", { timeout: 300_000 }, () => {
  let manifest: Manifest;

  it("is cut into parts of the size that is asked for, each with its checksum", async () => {
    const data = `ml-100k,ml-1m=${excerpt}`;
    hub.cutAfter = 11e6;
    const more = ["--models", "acme/tiny@v1", "--part-size", "60M"];
    await pack("--parts", "tensorflow", "--data", data, ...more);
    // The connection was cut in the middle of the large file, which went on from there.
    const large = hub.asked.filter(({ file, method }) => method === "GET" && /bin$/u.test(file));
    expect(large.map(({ from }) => from)).toEqual([0, 10 * 2 ** 20, 20 * 2 ** 20]);
    const text = await readFile(path.join(folder, "pack", "manifest.json"), "utf8");
    manifest = JSON.parse(text) as Manifest;
    expect(manifest.items.map(({ name }) => name)).toEqual([
      ...["r4ec", "tensorflow", MODEL, "data-ml-100k", "data-ml-1m"],
    ]);
    const pieces = manifest.items.flatMap((item) => item.pieces);
    expect(Math.max(...pieces.map(({ size }) => size))).toBe(60_000_000);
    const sums = await execa("sha256sum", ["--check", "--quiet", "SHA256SUMS"], {
      cwd: path.join(folder, "pack"),
    });
    expect(sums.exitCode).toBe(0);
    expect((await readdir(path.join(folder, "pack"))).sort()).toEqual(
      [
        ...pieces.map(({ file }) => file),
        ".asked.json",
        "SHA256SUMS",
        "install.sh",
        "manifest.json",
      ].sort(),
    );
    // Nothing in it leads to this machine.
    for (const place of [folder, testToolchainFolder(), path.dirname(path.dirname(R4EC))]) {
      expect(text).not.toContain(place);
    }
  });

  it("that was interrupted or damaged is made whole, and what is whole stays", async () => {
    const [data] = manifest.items.filter(({ name }) => name === "data-ml-1m");
    await rm(path.join(folder, "pack", data!.pieces[0]!.file));
    const again = await pack();
    expect(Object.fromEntries(again.items.map(({ name, kept }) => [name, kept]))).toEqual({
      ...{ r4ec: true, tensorflow: true, [MODEL]: true, "data-ml-100k": true, "data-ml-1m": false },
    });
    // The second call asked the hub about the model, and fetched nothing again.
    const fetched = hub.asked.filter(({ method }) => method === "GET").map(({ file }) => file);
    expect(fetched.filter((file) => file === "config.json")).toHaveLength(1);
    expect(fetched.filter((file) => file.startsWith("onnx"))).toEqual([]);
    const text = await readFile(path.join(folder, "pack", "manifest.json"), "utf8");
    expect(JSON.parse(text)).toEqual(manifest);
  });

  it("for one kind of machine takes nothing for another", async () => {
    const { exitCode, stderr } = await execa(
      process.execPath,
      [R4EC, "setup", "--pack", path.join(folder, "pack"), "--python", "3.99"],
      { reject: false, env: { R4EC_TOOLCHAIN: testToolchainFolder(), R4EC_TENSORFLOW: "cpu" } },
    );
    expect(exitCode).toBe(ExitCode.usage);
    expect(stderr).toMatch(/holds a pack for the Python 3\.\d+, not 3\.99: name another folder/u);
  });

  it("arrives in rounds: r4ec first, then what came; missing and cut parts are named", async () => {
    const from = (name: string): string => path.join(folder, "pack", name);
    const to = (name: string): string => path.join(arrived, name);
    const [, tensorflow, , , data] = manifest.items.map(({ pieces }) => pieces.map((p) => p.file));
    const late = tensorflow!.at(-2)!;
    const cut = data![0]!;
    for (const name of await readdir(path.join(folder, "pack"))) {
      if (name === cut) await cp(from(name), to(name));
      else if (name !== late) await link(from(name), to(name));
    }
    await truncate(to(cut), 1000);

    const installed = await there("sh", to("install.sh"), path.join(home, "lab"));
    expect(installed.exitCode, installed.stderr).toBe(0);

    const first = await setupFrom();
    expect(first.exitCode).toBe(ExitCode.usage);
    expect(statesOf(first)).toEqual({
      ...{ r4ec: "apart", tensorflow: "waiting", [MODEL]: "ready" },
      ...{ "data-ml-100k": "ready", "data-ml-1m": "bad" },
    });
    expect(first.items[1]!.missing).toEqual([late]);
    const { size } = manifest.items[4]!.pieces[0]!;
    expect(first.items[4]!.bad).toEqual([{ file: to(cut), why: `cut: 1000 of ${size} bytes` }]);

    // Whole again, but another file: only its checksum tells.
    const other = Buffer.from(await readFile(from(cut)));
    other[700]! ^= 1;
    await writeFile(to(cut), other);
    const second = await setupFrom();
    expect(second.exitCode).toBe(ExitCode.usage);
    expect(second.items[4]!.bad).toMatchObject([
      { file: to(cut), why: expect.stringMatching(/^damaged/u) },
    ]);
    await rm(to(cut));

    // The parts that were missing come in a folder of their own.
    await mkdir(to("second"));
    await link(from(late), path.join(to("second"), late));
    await rename(from(cut), path.join(to("second"), cut));
    const third = await setupFrom();
    expect(third.ok, JSON.stringify(third)).toBe(true);
    expect(third.exitCode).toBe(ExitCode.done);
    expect(statesOf(third)).toEqual({
      ...{ r4ec: "apart", tensorflow: "ready", [MODEL]: "there" },
      ...{ "data-ml-100k": "there", "data-ml-1m": "ready" },
    });
    expect(third.items[4]!.folder).toBe(path.join(home, ".cache", "r4ec", "downloads", "ml-1m"));

    // All is installed: no part is needed any more.
    for (const name of [...tensorflow!, ...data!]) {
      await rm(to(name), { force: true });
    }
    const fourth = await setupFrom();
    expect(fourth.exitCode).toBe(ExitCode.done);
    expect(new Set(Object.values(statesOf(fourth)))).toEqual(new Set(["apart", "there"]));
  });

  it("has the model where its programs look for it", async () => {
    const load =
      "from transformers import AutoModel; print(AutoModel.from_pretrained('acme/tiny', revision='v1').config.model_type)";
    const python = path.join(llm, "bin", "python");
    const { stdout, stderr } = await there("env", "HF_HUB_OFFLINE=1", python, "-c", load);
    expect(stdout.trim(), stderr).toBe("qwen2");
  });

  it("leads to no folder of the machine that made it", async () => {
    const { exitCode, stdout } = await execa(
      "grep",
      [
        // What V8 has compiled was written there, and names the place of the program there.
        ...["-rlF", "--exclude=r4ec.js.*.node-*"],
        ...["-e", path.dirname(path.dirname(R4EC)), "-e", testToolchainFolder()],
        ...["-e", folder, path.join(home, "lab")],
      ],
      { reject: false },
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  });

  it("is enough for a sweep where there is no network, from an empty home", async () => {
    const ml1m = path.join(home, ".cache", "r4ec", "downloads", "ml-1m");
    await writeFile(
      path.join(home, "trained.yaml"),
      `
name: trained
dataset: { id: ml-1m, path: ${ml1m} }
knowledge: { embed: encoder }
backbone: deepfm
ctr: { epochs: 1, batch_size: 16 }
tracking: { mlflow: "off" }
sweep: { grid: { knowledge.variant: [none, profile] } }
`,
    );
    await writeFile(
      path.join(home, "fetched.yaml"),
      'name: fetched\ndataset: ml-100k\nbackbone: bias\ntracking: { mlflow: "off" }\n',
    );
    for (const [spec, cells] of [
      ["trained.yaml", 2],
      ["fetched.yaml", 1],
    ] as const) {
      const { exitCode, stdout, stderr } = await r4ec("sweep", spec, "--json");
      expect(exitCode, stderr).toBe(ExitCode.done);
      const { outcome, cells: done } = JSON.parse(stdout) as {
        outcome: string;
        cells: { metrics: { [name: string]: number } }[];
      };
      expect(outcome).toBe("done");
      expect(done).toHaveLength(cells);
      for (const { metrics } of done) expect(metrics["test.auc"]).toBeGreaterThan(0);
    }
  });
});
