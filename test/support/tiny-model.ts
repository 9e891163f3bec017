import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { builtInPrompts, TEMPLATE_NAMES } from "../../runners/base/prompts/index.js";

const SCRIPT = fileURLToPath(new URL("tiny_qwen2.py", import.meta.url));
const ADAPTER_SCRIPT = fileURLToPath(new URL("knowledge/tiny_adapter.py", import.meta.url));
/** For Python programs with a model: one core, and no look at the hub. */
const QUIET = { OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" };

/**
 * A tiny random Qwen2 with the Qwen chat template, made by tiny_qwen2.py in the LLM environment;
 * its folder's name ends in `tiny-qwen2`, from which the template is known.
 *
 * @param parent folder to make it in
 */
export async function tinyQwen2(llmEnvironment: string, parent: string): Promise<string> {
  const folder = path.join(parent, "tiny-qwen2");
  if (existsSync(folder)) return folder;
  const texts = TEMPLATE_NAMES.map((name) => path.join(builtInPrompts(), `${name}.txt`));
  const half = `${folder}.${process.pid}`;
  await execa(path.join(llmEnvironment, "bin", "python"), [SCRIPT, half, ...texts], {
    env: QUIET,
  });
  await rename(half, folder).catch(() => rm(half, { recursive: true, force: true }));
  return folder;
}

/** A LoRA adapter with large random weights for {@link tinyQwen2}, made by tiny_adapter.py; its folder. */
export async function tinyAdapter(llmEnvironment: string, model: string, parent: string) {
  const folder = path.join(parent, "adapter");
  await execa(path.join(llmEnvironment, "bin", "python"), [ADAPTER_SCRIPT, model, folder], {
    env: QUIET,
  });
  return folder;
}
