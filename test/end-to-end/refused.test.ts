import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine, LOCAL_MLFLOW } from "../support/command-line.js";
import type { ScriptedServer } from "../support/openai-server.js";
import { scriptedServer } from "../support/openai-server.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { INSTALL_TIMEOUT, testToolchain, testTrackingEnvironment } from "../support/toolchain.js";

const WORDS = "this server does not take such a prompt";
const SAID = "9 of 12 users asked about have a text (3 refused)";

describe("prompts that an endpoint refuses", () => {
  let folder: string;
  let server: ScriptedServer;

  const r4ec = commandLine(() => folder, LOCAL_MLFLOW);

  beforeAll(async () => {
    await testToolchain("tensorflow");
    await testTrackingEnvironment();
    folder = await newFolder();
    const refused = new Set<string>();
    server = await scriptedServer(({ prompt }) => {
      if (!prompt.includes("<User History>")) return { kind: "text", text: "A fine film." };
      // The first three users, however often they are asked.
      if (refused.size < 3) refused.add(prompt);
      return refused.has(prompt)
        ? { kind: "status", status: 400, message: WORDS }
        : { kind: "text", text: "Likes drama." };
    });
    await writeFile(
      path.join(folder, "spec.yaml"),
      `name: refused
dataset: ml-100k
knowledge:
  variant: kar
  users: 12
  items: 2
  infer: {engine: endpoint, base_url: "${server.baseUrl}", model: m}
  embed: encoder
backbone: deepfm
ctr: {epochs: 1, batch_size: 2048}
`,
    );
  }, INSTALL_TIMEOUT);
  afterAll(async () => {
    await r4ec("mlflow", "stop");
    await server.close();
    await removeFolders();
  }, 60_000);

  it(
    "are counted with the endpoint's words while the sweep runs",
    { timeout: 300_000 },
    async () => {
      const { exitCode, stderr } = await r4ec("sweep", "spec.yaml");
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain("3 refused");
      expect(stderr).toContain(WORDS);
    },
  );

  it("are counted in status", { timeout: 60_000 }, async () => {
    const { stdout } = await r4ec("status");
    expect(stdout).toContain(SAID);
    expect(stdout).toContain(WORDS);
  });

  it("are counted beside the result in compare", { timeout: 60_000 }, async () => {
    const { stdout } = await r4ec("compare");
    expect(stdout).toContain(SAID);
  });

  it(
    "are counted in MLflow, as a metric of the stage and a tag of the cell",
    { timeout: 60_000 },
    async () => {
      const { stdout } = await r4ec("mlflow", "status", "--json");
      const { url } = JSON.parse(stdout) as { url: string };
      const ask = async <T>(call: string, init?: RequestInit): Promise<T> =>
        (await (await fetch(`${url}/api/2.0/mlflow/${call}`, init)).json()) as T;
      const { experiment } = await ask<{ experiment: { experiment_id: string } }>(
        "experiments/get-by-name?experiment_name=refused",
      );
      const { runs } = await ask<{
        runs: {
          data: {
            metrics?: { key: string; value: number }[];
            tags: { key: string; value: string }[];
          };
        }[];
      }>("runs/search", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ experiment_ids: [experiment.experiment_id], max_results: 100 }),
      });
      const metrics = runs.flatMap(({ data }) => data.metrics ?? []);
      expect(metrics.filter(({ key }) => key === "users.without.refused")).toMatchObject([
        { value: 3 },
      ]);
      const cells = runs.filter(({ data }) => data.metrics?.some(({ key }) => key === "test.auc"));
      expect(cells.length).toBeGreaterThan(0);
      expect(
        cells
          .at(-1)!
          .data.tags.map(({ value }) => value)
          .join("\n"),
      ).toContain(SAID);
    },
  );
});
