import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newFolder, removeFolders } from "../support/stage.js";
import {
  INSTALL_TIMEOUT,
  testToolchainFolder,
  testTrackingEnvironment,
} from "../support/toolchain.js";

const clone = fileURLToPath(new URL("../../", import.meta.url));

/** A user's variables: those that npm sets for what it starts (install scripts off, say) are not among them. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|R4EC_|NODE_ENV|VITEST)/i.test(name)),
);

let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = await newFolder();
  // TensorFlow and MLflow as they are on this machine, without the npm package beside TensorFlow's binding.
  await testTrackingEnvironment();
  const [there, here] = [testToolchainFolder(), path.join(folder, "toolchain")];
  await mkdir(here);
  await symlink(path.join(there, "python"), path.join(here, "python"));
  await cp(path.join(there, "tensorflow"), path.join(here, "tensorflow"), {
    recursive: true,
    preserveTimestamps: true,
    filter: (file) => !file.slice(there.length).includes("/node_modules"),
  });
  const pack = ["pack", "--silent", "--pack-destination", folder];
  tarball = (await execa("npm", pack, { cwd: clone, env, extendEnv: false })).stdout.trim();
  await writeFile(path.join(folder, "package.json"), "{}");
}, INSTALL_TIMEOUT);
afterAll(removeFolders);

test(
  "what npm pack makes installs and runs quickstart in an empty folder",
  { timeout: 600_000 },
  async () => {
    const variables = {
      ...env,
      R4EC_TOOLCHAIN: path.join(folder, "toolchain"),
      R4EC_GPUS: "none",
      NO_COLOR: "1",
    };
    const run = (program: string, ...args: readonly string[]) =>
      execa(program, args, {
        cwd: folder,
        env: variables,
        extendEnv: false,
        all: true,
        reject: false,
      });

    // Install scripts are on, as npm has it by default: none downloads an old TensorFlow.
    const installed = await run("npm", "install", "--ignore-scripts=false", `./${tarball}`);
    expect([installed.exitCode, installed.all]).toEqual([
      0,
      expect.stringMatching(/added \d+ packages/),
    ]);

    const missing = await run("npx", "r4ec", "doctor", "--json");
    const checks = (JSON.parse(missing.stdout) as { checks: { name: string; state: string }[] })
      .checks;
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ "npm-packages": "ok", tensorflow: "missing" });

    const only = "backbone=dcnv2,knowledge.variant=none,seed=1";
    const done = await run("npx", "r4ec", "quickstart", "--only", only, "ctr.epochs=1");
    expect([done.exitCode, done.all]).toEqual([0, expect.stringContaining("quickstart: done in")]);
    expect(done.all).toContain("fetching @tensorflow/tfjs-node-gpu@4.22.0");
    expect(done.all).not.toContain("building the binding");
    expect(done.all).toContain("MLflow: http://127.0.0.1:");
    await run("npx", "r4ec", "mlflow", "stop");

    const packed = await run("npx", "r4ec", "setup", "--pack", "pack", "--parts", "tensorflow");
    expect([packed.exitCode, packed.all]).toEqual([
      2,
      expect.stringContaining("from a clone only"),
    ]);
  },
);
