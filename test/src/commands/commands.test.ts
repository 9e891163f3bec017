import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import { influenceFile, writeInfluences } from "../../../src/statistics/cache.js";
import { ownSurroundings } from "../../../src/base/package.js";
import type { Surroundings } from "../../../src/contract/runner.js";
import { Store } from "../../../src/store/index.js";
import type { Manifest } from "../../../src/store/manifest.js";
import { formatManifest, MANIFEST_FILE } from "../../../src/store/manifest.js";
import { Lab, toyProgram, until } from "../../support/engine.js";
import { R4EC } from "../../support/command-line.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const spec = "name: toy\nsweep:\n  grid: {toy.model: [a, b]}\n";

describe("the command line", () => {
  it.each([
    [["swep", "x.yaml"], "there is no command swep; did you mean sweep?"],
    [["plan"], "FILE is missing"],
    [["plan", "--only", "model=a", "spec.yaml"], "give FILE before --only"],
    [["plan", "spec.yaml", "--jsn"], "unknown: --jsn"],
    [[], "name a command"],
    [["plan", "missing.yaml"], "missing.yaml"],
    [["plan", "spec.yaml", "--only", "modell=a"], "did you mean toy.model?"],
  ])("refuses %j with status 2, nothing on stdout and nothing written", async (args, message) => {
    await lab.spec(spec);
    const { code, stdout, stderr } = await lab.run(...(args as string[]));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(await readdir(lab.folder)).toEqual(["spec.yaml", "toy"]);
  });

  it.each([
    ["{claims: [{toy.modell: a}]}", "spec.yaml:4:21", "did you mean toy.model?"],
    ["{claims: []}", "spec.yaml:4:19", "compare.claims needs at least 1 value"],
    ["{equivalence: {score: 0}}", "spec.yaml:4:32", "must be more than 0, not 0"],
  ])("refuses compare: %s with status 2 and one error", async (compare, place, message) => {
    const file = await lab.spec(`${spec}compare: ${compare}\n`);
    for (const command of ["plan", "sweep"]) {
      const { code, stdout, stderr } = await lab.run(command, file);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(place);
      expect(stderr).toContain(message);
      expect(stderr.match(/spec\.yaml:\d+:\d+/g)).toHaveLength(1);
    }
  });

  it("keeps an address's password out of everything that a sweep writes", async () => {
    const secret = "hunter2-of-the-test";
    const address = `tracking: {mlflow: {uri: "http://me:${secret}@127.0.0.1:9"}}\n`;
    const file = await lab.spec(spec + address);
    const { code, stdout, stderr } = await lab.run("sweep", file);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(secret);
    const written = await readdir(lab.store, { recursive: true, withFileTypes: true });
    const files = written.filter((entry) => entry.isFile());
    expect(files.some((entry) => entry.name === "journal.ndjson")).toBe(true);
    for (const entry of files) {
      const text = await readFile(path.join(entry.parentPath, entry.name), "latin1");
      expect(text.includes(secret), entry.name).toBe(false);
    }
  });

  it.each(["databricks", "file:///x", "no address at all"])(
    "works where MLFLOW_TRACKING_URI=%s belongs to another program, and says so in a line",
    async (uri) => {
      const file = await lab.spec(spec);
      // Offline, so that the local server is not installed for this.
      lab.environment = {
        R4EC_MLFLOW_URI: undefined,
        MLFLOW_TRACKING_URI: uri,
        R4EC_OFFLINE: "1",
        R4EC_TOOLCHAIN: path.join(lab.folder, "none"),
      };
      const line = `MLFLOW_TRACKING_URI is "${uri}", which is no http(s) address: r4ec goes on without it`;
      for (const command of [
        ["plan", file],
        ["sweep", file],
        ["status"],
        ["compare"],
        ["explain", file],
        ["shout", file],
      ]) {
        const { code, stderr } = await lab.run(...command);
        expect(code, stderr).toBe(0);
        expect(stderr.split(line)).toHaveLength(2);
      }
      const off = await lab.spec(`${spec}tracking: {mlflow: off}\n`, "off.yaml");
      const untracked = await lab.run("sweep", off);
      expect([untracked.code, untracked.stderr.includes("MLFLOW")]).toEqual([0, false]);
    },
    60_000,
  );

  it("doctor too works with another program's MLFLOW_TRACKING_URI, and shows what counts", async () => {
    const environment: NodeJS.ProcessEnv = { ...process.env, MLFLOW_TRACKING_URI: "databricks" };
    delete environment["R4EC_MLFLOW_URI"];
    const { stdout, stderr } = await execa(
      process.execPath,
      [R4EC, "doctor", "--store", lab.store],
      { env: environment, extendEnv: false, reject: false },
    );
    expect(stdout).toMatch(/setting mlflowUri +a local server/);
    expect(stderr.trim()).toBe(
      'MLFLOW_TRACKING_URI is "databricks", which is no http(s) address: r4ec goes on without it',
    );
  }, 120_000);

  it("ends quietly where its reader has seen enough", async () => {
    await lab.spec(spec.replace("[a, b]", `[${Array.from({ length: 3000 }, (_, n) => n).join()}]`));
    const head = spawn(
      "sh",
      ["-c", `"${process.execPath}" "${await toyProgram()}" plan spec.yaml | head -n 1`],
      {
        cwd: lab.folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, TOY: lab.folder, R4EC_STORE: lab.store },
      },
    );
    let errors = "";
    head.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    await once(head, "close");
    expect(errors.replace(/.*\b(hint|warning)\b.*\n?/g, "")).not.toContain("EPIPE");
  });

  it("ends with status 3 where the store cannot be written", async () => {
    await writeFile(lab.store, "a file where the store should be");
    const { code, stderr } = await lab.run("sweep", await lab.spec(spec));
    expect(code).toBe(3);
    expect(stderr).not.toContain("bug");
  });

  it("writes no colours where there is no terminal", async () => {
    const file = await lab.spec(spec);
    const swept = await lab.run("sweep", file);
    const shown = await lab.run("plan", file);

    expect(swept.stdout + swept.stderr + shown.stdout).not.toMatch(/\u001b/);
  });
});

describe("plan", () => {
  it("prints cells, shared stages once, what is cached and what would run", async () => {
    await lab.run("sweep", await lab.spec(spec));
    const file = await lab.spec(spec.replace("[a, b]", "[a, b, c]"));
    const { code, stdout } = await lab.run("plan", file, "--json");
    const made = JSON.parse(stdout) as {
      cells: { id: string; settings: { [path: string]: unknown }; stage: string }[];
      stages: {
        fingerprint: string;
        runner: string;
        label: string;
        cached: boolean;
        needs: string[];
      }[];
    };
    expect(code).toBe(0);
    expect(made.cells.map((cell) => cell.settings["toy.model"])).toEqual(["a", "b", "c"]);
    expect(made.stages.map(({ label, cached }) => [label, cached])).toEqual([
      ["base base", true],
      ["model a", true],
      ["model b", true],
      ["model c", false],
    ]);
    for (const { stage } of made.cells) {
      const found = made.stages.find(({ fingerprint }) => fingerprint === stage)!;
      expect(found.needs).toEqual([made.stages[0]!.fingerprint]);
    }
    const text = (await lab.run("plan", file)).stdout;
    expect(text).toContain("3 cells, 4 stages (3 cached, 1 to run)");
    for (const { id } of made.cells) expect(text).toContain(id);
  });
});

describe("status, stop and resume", () => {
  it("show a sweep that runs, stop it at its checkpoint and go on with it", async () => {
    const file = await lab.spec(spec);
    lab.flag("b.hold");
    const run = lab.start("sweep", file);
    await lab.logged("holding b");
    await lab.logged("end a");
    await until(async () => (await lab.statuses())["model a"] === "done", "the journal");
    const running = JSON.parse((await lab.run("status", "--json")).stdout) as {
      sweeps: { status: string; stage_counts: object }[];
    };
    expect(running.sweeps[0]).toMatchObject({
      status: "running",
      stage_counts: { done: 2, running: 1 },
    });
    const stopped = await lab.run("stop", "toy");
    expect([stopped.code, stopped.stdout]).toEqual([0, "toy has stopped\n"]);
    expect((await run.finished).code).toBe(130);
    expect((await lab.run("status", file)).stdout).toContain("interrupted");
    expect((await lab.run("stop")).stdout).toBe("no sweep is running\n");
    lab.unflag("b.hold");
    expect((await lab.run("resume")).code).toBe(0);
    expect(lab.log().at(-1)).toBe("end b");
    expect((await lab.run("status", "--all")).stdout).toMatch(/toy +done/);
  });

  it("close what a kill -9 left open", async () => {
    lab.flag("b.hold");
    const run = lab.start("sweep", await lab.spec(spec));
    await lab.logged("holding b");
    // The stage may be faster than the line of the journal.
    await until(async () => (await lab.statuses())["model b"] === "running", "the journal");
    run.child.kill("SIGKILL");
    await run.finished;
    const { stdout } = await lab.run("status", "--json");
    const { sweeps } = JSON.parse(stdout) as { sweeps: { status: string }[] };
    expect(sweeps[0]!.status).toBe("interrupted");
    expect(await lab.statuses()).toMatchObject({ "model b": "interrupted" });
  });

  it("refuse a sweep that is not known, and name those that are", async () => {
    expect((await lab.run("status")).stderr).toContain("there is no sweep");
    await lab.run("sweep", await lab.spec(spec));
    const { code, stderr } = await lab.run("status", "tyo");
    expect([code, stderr]).toEqual([2, expect.stringContaining("there are: toy")]);
  });

  it("resume refuses a spec whose cells have changed", async () => {
    await lab.run("sweep", await lab.spec(spec));
    await lab.spec(spec.replace("[a, b]", "[a, c]"));
    const { code, stderr } = await lab.run("resume");
    expect([code, stderr]).toEqual([2, expect.stringContaining("has changed since")]);
  });
});

describe("explain", () => {
  it("names what differs from the nearest earlier stage", async () => {
    await writeFile(path.join(lab.folder, "data.txt"), "one");
    const withFile = `${spec}toy: {file: data.txt}\n`;
    await lab.run("sweep", await lab.spec(withFile));
    await writeFile(path.join(lab.folder, "data.txt"), "two");
    const { stdout } = await lab.run(
      "explain",
      await lab.spec(withFile.replace("[a, b]", "[a, z]")),
    );
    expect(stdout).toMatch(/base base: would run; .*differs in\n +file data: its content/);
    expect(stdout).toMatch(/model z: would run; .*\n( +.*\n)* +name: "[ab]" → "z"/);
    expect(stdout).toMatch(/input base: .* \(base base, itself new\)/);
  });
});

describe("what stages ran in", () => {
  /** Rewrites an artifact's manifest as if it had been made in other surroundings, or by an older r4ec. */
  async function made(fingerprint: Fingerprint, surroundings?: Surroundings): Promise<void> {
    const manifest = (await new Store(lab.store).manifest(fingerprint))!;
    const kept = Object.entries(manifest).filter(([field]) => field !== "surroundings");
    const other = {
      ...Object.fromEntries(kept),
      ...(surroundings && { surroundings }),
    } as Manifest;
    await writeFile(path.join(lab.artifact(fingerprint), MANIFEST_FILE), formatManifest(other));
  }

  it("is kept with each artifact and in the journal, and explain says what is otherwise now", async () => {
    const file = await lab.spec(spec);
    await lab.run("sweep", file);
    const models = [await lab.fingerprint("model a"), await lab.fingerprint("model b")];
    const now = ownSurroundings();
    for (const one of models) {
      expect((await new Store(lab.store).manifest(one))!.surroundings).toEqual(now);
      expect((await lab.state()).stages.get(one)!.result!.surroundings).toEqual(now);
      await made(one, { ...now, node: "18.0.1" });
    }
    const change = `environment node: 18.0.1 → ${now["node"]}`;
    const cached = await lab.run("explain", file);
    expect(cached.stdout).toContain(`since 2 cached stages were made: ${change}\n`);
    // Of a stage that would run, beside what makes it run.
    await lab.spec(spec.replace("[a, b]", "[c]"));
    const other = await lab.run("explain", file);
    expect(other.stdout).toMatch(/model c: would run; .*\n +name: "[ab]" → "c"\n/);
    expect(other.stdout).toContain(`    ${change} (does not decide what is cached)`);
    for (const one of models) await made(one);
    expect((await lab.run("explain", file)).stdout).toContain("an older r4ec made it");
    // A store of an older r4ec serves as before.
    lab.forgetLog();
    const again = await lab.run("sweep", await lab.spec(spec));
    expect([again.code, lab.log()]).toEqual([0, []]);
  });
});

describe("gc", () => {
  it("removes what nothing needs and leaves what a sweep made", async () => {
    const file = await lab.spec(spec);
    await lab.run("sweep", file);
    const base = await lab.fingerprint("base base");
    await writeFile(path.join(lab.artifact(base), "out.txt"), "BASE");
    const dry = JSON.parse((await lab.run("gc", "--verify", "--dry-run", "--json")).stdout) as {
      damaged: unknown[];
    };
    expect(dry.damaged).toHaveLength(1);
    const { code, stdout } = await lab.run("gc", "--verify", "--unreferenced");
    expect([code, stdout]).toEqual([0, expect.stringContaining("damaged")]);
    expect(await readdir(path.join(lab.store, "quarantine"))).toEqual([]);
    expect((await lab.run("sweep", file)).code).toBe(0);
    // The cells' own artifacts are there, so that the base is not needed.
    expect(lab.log().filter((line) => line.startsWith("start"))).toHaveLength(3);
  });

  it("removes the statistics of cells whose artifacts are gone, and no others", async () => {
    const file = await lab.spec(spec);
    await lab.run("sweep", file);
    const kept = await lab.fingerprint("model a");
    const gone = await lab.fingerprint("model b");
    const store = new Store(lab.store);
    const influences = { samples: "s", metrics: {} };
    const fileOf = (fingerprint: Fingerprint): string => influenceFile(store, fingerprint, 1);
    for (const one of [kept, gone]) await writeInfluences(fileOf(one), influences);
    expect((await lab.run("gc")).code).toBe(0);
    expect([existsSync(fileOf(kept)), existsSync(fileOf(gone))]).toEqual([true, true]);
    await rm(store.artifactFolder(gone), { recursive: true });
    const dry = JSON.parse((await lab.run("gc", "--dry-run", "--json")).stdout) as {
      garbage: { kind: string; path: string; size: number }[];
    };
    expect(dry.garbage.filter(({ kind }) => kind === "statistics")).toEqual([
      { kind: "statistics", path: fileOf(gone), size: (await stat(fileOf(gone))).size },
    ]);
    expect((await lab.run("gc")).code).toBe(0);
    expect([existsSync(fileOf(kept)), existsSync(fileOf(gone))]).toEqual([true, false]);
    // Artifacts that no sweep needs any more leave together with their statistics.
    await rm(path.join(lab.store, "sweeps"), { recursive: true });
    expect((await lab.run("gc", "--unreferenced")).stdout).toMatch(/artifact +2[^]*statistics +1/);
    expect(existsSync(fileOf(kept))).toBe(false);
  });
});
