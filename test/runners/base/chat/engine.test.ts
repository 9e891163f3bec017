import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, expect, it } from "vitest";
import { packageFile } from "../../../../src/base/package.js";
import { newFolder, removeFolders } from "../../../support/stage.js";
import { tinyAdapter, tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

const SCRIPT = fileURLToPath(new URL("engine.py", import.meta.url));
afterAll(removeFolders);

it(
  "r4ec's own server writes what transformers' generate writes, whatever is answered beside it",
  async () => {
    const environment = (await testToolchain("llm")).paths.environments["llm"]!;
    const model = await tinyQwen2(environment, await newFolder());
    const adapter = await tinyAdapter(environment, model, await newFolder());
    const chat = packageFile("runners/base/chat");
    const { stdout } = await execa(
      path.join(environment, "bin", "python"),
      [SCRIPT, model, adapter, chat],
      { env: { OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" } },
    );
    const said = JSON.parse(stdout) as { readonly [what: string]: boolean };
    expect(Object.keys(said).length).toBe(11);
    expect(Object.entries(said).filter(([, holds]) => !holds)).toEqual([]);
  },
  INSTALL_TIMEOUT,
);
