import { existsSync } from "node:fs";
import { cp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { sharedFolder } from "./shared-folder.js";
import { builtInPrompts, TEMPLATE_NAMES } from "../../runners/base/prompts/index.js";

const SCRIPT = fileURLToPath(new URL("tiny_qwen2.py", import.meta.url));
const ADAPTER_SCRIPT = fileURLToPath(new URL("knowledge/tiny_adapter.py", import.meta.url));
/** For Python programs with a model: one core, and no look at the hub. */
const QUIET = { OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" };

/**
 * What `make` writes into a folder, as a copy in `folder`: made once for all test files, since Python takes many
 * seconds to load a model's library.
 */
async function copyOfShared(name: string, folder: string, make: (folder: string) => Promise<void>) {
  const made = path.join(sharedFolder(), name);
  if (!existsSync(made)) {
    const half = `${made}.${process.pid}`;
    await make(half);
    // Another test file may have been faster.
    await rename(half, made).catch(() => rm(half, { recursive: true, force: true }));
  }
  await cp(made, folder, { recursive: true });
}

/**
 * A tiny random Qwen2 with the Qwen chat template, made by tiny_qwen2.py in the LLM environment;
 * its folder's name ends in `tiny-qwen2`, from which the template is known. The same weights for all.
 *
 * @param parent folder to put it in
 */
export async function tinyQwen2(llmEnvironment: string, parent: string): Promise<string> {
  const folder = path.join(parent, "tiny-qwen2");
  const texts = TEMPLATE_NAMES.map((name) => path.join(builtInPrompts(), `${name}.txt`));
  await copyOfShared("tiny-qwen2", folder, async (half) => {
    await execa(path.join(llmEnvironment, "bin", "python"), [SCRIPT, half, ...texts], {
      env: QUIET,
    });
  });
  return folder;
}

/** A LoRA adapter with large random weights for {@link tinyQwen2}, made by tiny_adapter.py; its folder. */
export async function tinyAdapter(llmEnvironment: string, model: string, parent: string) {
  const folder = path.join(parent, "adapter");
  await copyOfShared("adapter", folder, async (half) => {
    await execa(path.join(llmEnvironment, "bin", "python"), [ADAPTER_SCRIPT, model, half], {
      env: QUIET,
    });
  });
  // As PEFT writes it of this copy of the model.
  const file = path.join(folder, "adapter_config.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, base_model_name_or_path: model }, null, 2));
  return folder;
}
