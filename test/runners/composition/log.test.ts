import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LineageEntry, LoggedText } from "../../../runners/composition/log/texts.js";
import { commandLine } from "../../support/command-line.js";
import type { ScriptedServer } from "../../support/openai-server.js";
import { scriptedServer } from "../../support/openai-server.js";
import { newFolder, removeFolders } from "../../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../support/toolchain.js";

describe("r4ec log, after a sweep through the real command line", () => {
  let folder: string;
  let server: ScriptedServer;

  const r4ec = commandLine(() => folder);

  beforeAll(async () => {
    await testToolchain("tensorflow");
    folder = await newFolder();
    server = await scriptedServer(({ prompt }) => ({
      kind: "text",
      text: prompt.includes("<User History>") ? "Likes drama." : "A fine film.",
    }));
    writeFileSync(
      path.join(folder, "items.jsonl"),
      `${JSON.stringify({ id: "1", text: "A film about toys." })}\n`,
    );
    writeFileSync(
      path.join(folder, "spec.yaml"),
      `name: log-test
dataset: ml-100k
knowledge:
  users: 2
  items: 2
  infer: {engine: endpoint, base_url: "${server.baseUrl}", model: m}
  file: {items: items.jsonl}
  embed: encoder
backbone: deepfm
ctr: {epochs: 1, batch_size: 2048}
tracking: {mlflow: "off"}
sweep:
  grid:
    knowledge.variant: [none, file, kar]
`,
    );
  }, INSTALL_TIMEOUT);
  afterAll(async () => {
    await server.close();
    await removeFolders();
  });

  it("says that nothing is made before the sweep has run", async () => {
    const { exitCode, stderr } = await r4ec("log", "spec.yaml", "--item", "1");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/there is no text about item 1 yet: run the sweep first/);
  }, 120_000);

  it("tells the texts about an item, and the stages behind a cell", async () => {
    const sweep = await r4ec("sweep", "spec.yaml");
    expect(`${sweep.stderr}`).not.toMatch(/failed/);
    expect(sweep.exitCode).toBe(0);
    // Two users and two items were asked about.
    expect(server.seen).toHaveLength(4);

    const item = await r4ec("log", "spec.yaml", "--item", "1", "--json");
    const { texts } = JSON.parse(item.stdout) as { texts: readonly LoggedText[] };
    const own = texts.find(({ label }) => label === "file")!;
    expect(own).toMatchObject({ side: "items", id: "1", text: "A film about toys.", history: [] });
    expect(own.cells).toHaveLength(1);

    const lineage = await r4ec("log", "spec.yaml", "--only", "knowledge.variant=kar", "--json");
    const entries = (JSON.parse(lineage.stdout) as { lineage: readonly LineageEntry[] }).lineage;
    expect(entries.map(({ runner }) => runner)).toEqual(["ctr", "embed", "think", "dataset"]);
    expect(entries.every(({ state }) => state === "made")).toBe(true);
    expect(entries[0]!.metrics["test.auc"]).toBeGreaterThan(0.5);
    expect(entries[2]!.metrics).toMatchObject({ "users.texts": 2, "items.texts": 2 });

    // A user that was thought about: the prompt names the first film of the user's history.
    const users = await Promise.all(
      ["1", "2", "3"].map((id) => r4ec("log", "spec.yaml", "--user", id)),
    );
    for (const { exitCode, stdout } of users) {
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/think\nLikes drama\.|no text: the vector is zeros/);
    }
    const nobody = await r4ec("log", "spec.yaml", "--user", "nobody");
    expect(nobody.exitCode).toBe(2);
    expect(nobody.stderr).toMatch(/there is no user nobody/);
  }, 600_000);
});
