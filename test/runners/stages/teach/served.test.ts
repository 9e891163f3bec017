import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonl } from "../../../../runners/base/files/jsonl.js";
import {
  guidesOf,
  loadTemplates,
  parseJudgement,
  parseVerdict,
} from "../../../../runners/base/prompts/index.js";
import { teachRunners } from "../../../../runners/stages/teach/runner.js";
import { teachStages } from "../../../../runners/stages/teach/stage.js";
import type { TeacherSettings } from "../../../../runners/stages/teach/settings.js";
import { datasetRequest } from "../../../support/knowledge/settings.js";
import { prepare, removeFolders as removeData } from "../dataset/stage.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { tinyQwen2 } from "../../../support/tiny-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

const FINGERPRINT = "7e".repeat(32);

let dataset: string;
let environment: string;
let model: string;
beforeAll(async () => {
  dataset = (await prepare("ml-100k")).out;
  environment = (await testToolchain("llm")).paths.environments["llm"]!;
  model = await tinyQwen2(environment, await newFolder());
}, INSTALL_TIMEOUT);
afterAll(async () => {
  await removeFolders();
  await removeData();
});

const teacher = (own: Partial<TeacherSettings>): TeacherSettings => ({
  model,
  server: "r4ec",
  guided: true,
  revision: null,
  template: null,
  start_timeout_seconds: 300,
  temperature: 0,
  max_tokens: 60,
  extra: {},
  users: 2,
  items: 2,
  readable_tries: 1,
  balance: 1,
  concurrency: 2,
  timeout_seconds: 120,
  retries: 1,
  budget: { tokens: null, usd: null },
  prices: { prompt: 0, completion: 0 },
  ...own,
});

async function think(own: Partial<TeacherSettings> = {}) {
  const settings = {
    ...{ history: 10, seed: 1, prompts: null, place: { folder: "/" } },
    ...({ item_raters: "early", domain: "movie" } as const),
    teacher: teacher(own),
  };
  const stage = teachStages(settings, datasetRequest).think;
  const files = Object.entries(stage.files).map(([name, file]) => [name, file.path]);
  const runner = teachRunners.find(({ name }) => name === "teach-think")!;
  expect(runner.toolchain(stage.params)).toEqual(["llm.serve"]);
  return runStage({
    runner,
    params: stage.params,
    execution: stage.execution,
    inputs: { dataset },
    files: Object.fromEntries(files) as { [name: string]: string },
    toolchain: { environments: { llm: environment } },
    fingerprint: FINGERPRINT,
  });
}

/** Processes that a stage has left behind. */
async function left(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/u.test(name)) continue;
    const text = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
    if (text.includes(`R4EC_PROCESS_MARK=${FINGERPRINT}`)) found.push(name);
  }
  return found;
}

describe("a teacher that r4ec serves itself", () => {
  it("writes nothing but readable answers where it is guided", { timeout: 600_000 }, async () => {
    const { out, result, error, thrown } = await think();
    expect(error ?? thrown).toBeUndefined();
    const { metrics } = result!;
    for (const subject of ["user", "item"]) {
      expect(metrics[`${subject}.think.right`]! + metrics[`${subject}.think.wrong`]!).toBe(2);
    }
    expect(metrics["cost.prompt_tokens"]).toBeGreaterThan(100);
    for await (const { value } of readJsonl(path.join(out, "answers.jsonl"))) {
      expect((value as { knowledge: string }).knowledge.length).toBeGreaterThan(0);
    }
    expect(await left()).toEqual([]);
  });

  it("may be LLaMA-Factory's own server", { timeout: 600_000 }, async () => {
    const server = ["llamafactory-cli", "api", "{config}"];
    const { result, error, thrown } = await think({ server, guided: false, items: 0 });
    expect(error ?? thrown).toBeUndefined();
    // A model of random weights says nothing that can be read; that is counted, not hidden.
    expect(result!.metrics["user.think.unreadable"]).toBe(2);
    expect(result!.metrics["cost.completion_tokens"]).toBeGreaterThan(0);
    expect(await left()).toEqual([]);
  });

  it("fails with the last words of a server that ends", { timeout: 120_000 }, async () => {
    const server = ["python", "-c", "raise MemoryError('no room for {model}')"];
    const { error } = await think({ server });
    expect(error).toMatchObject({ kind: "machine" });
    expect(error!.message).toMatch(
      /the server \(knowledge\.teacher\.server\) failed.*MemoryError: no room for/u,
    );
  });
});

describe("guides", () => {
  const words = { ...loadTemplates("movie", null).words, user_lead: "Likes (above all) 1." };
  const guides = guidesOf(words);
  const shortest = (guide: string, choice: number): string => {
    const filled = guide.replace(/\[\^<\]\+/gu, "x");
    const chosen = filled.replace(/\(((?:\\.|[^()\\])*)\|((?:\\.|[^()\\])*)\)/u, (...match) =>
      String(match[choice]),
    );
    return chosen.replace(/\\n/gu, "\n").replace(/\\(.)/gu, "$1");
  };

  it("let through what the strict parser reads, and it alone", () => {
    for (const subject of ["user", "item"] as const) {
      const verdict = guides.verdict(subject);
      expect(parseVerdict(shortest(verdict, 1), subject, words.tag)).toMatchObject({
        ok: true,
        value: { likes: true },
      });
      expect(parseVerdict(shortest(verdict, 2), subject, words.tag)).toMatchObject({
        ok: true,
        value: { likes: false },
      });
      expect(new RegExp(`^${verdict}$`, "u").test(shortest(verdict, 1))).toBe(true);
      const judgement = guides.judgement(subject);
      expect(parseJudgement(shortest(judgement, 1))).toMatchObject({ value: { reasonable: true } });
      expect(parseJudgement(shortest(judgement, 2))).toMatchObject({
        value: { reasonable: false, reflection: "x" },
      });
    }
  });
});
