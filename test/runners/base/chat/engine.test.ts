import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, expect, it } from "vitest";
import { packageFile } from "../../../../src/base/package.js";
import { newFolder, removeFolders } from "../../../support/stage.js";
import { tinyAdapter, tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
afterAll(removeFolders);

/** Runs a script of this folder in the LLM environment; what it says of each thing that must hold. */
async function said(
  script: string,
  ...args: string[]
): Promise<{ readonly [what: string]: boolean }> {
  const environment = (await testToolchain("llm")).paths.environments["llm"]!;
  const { stdout } = await execa(
    path.join(environment, "bin", "python"),
    [beside(script), ...args],
    { env: { OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" } },
  );
  return JSON.parse(stdout) as { readonly [what: string]: boolean };
}

const holding = (held: { readonly [what: string]: boolean }) =>
  [Object.keys(held).length, Object.keys(held).filter((what) => held[what] !== true)] as const;
const chat = packageFile("runners/base/chat");

it(
  "r4ec's own server writes what transformers' generate writes, whatever is answered beside it, recorded or not",
  async () => {
    const environment = (await testToolchain("llm")).paths.environments["llm"]!;
    const model = await tinyQwen2(environment, await newFolder());
    const adapter = await tinyAdapter(environment, model, await newFolder());
    expect(holding(await said("engine.py", model, adapter, chat))).toEqual([20, []]);
  },
  INSTALL_TIMEOUT,
);

it(
  "it starts light, draws by the odds of transformers' warpers, and records the steps that it needs",
  async () => expect(holding(await said("parts.py", chat))).toEqual([23, []]),
  INSTALL_TIMEOUT,
);
