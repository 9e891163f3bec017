import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readTexts } from "../../../runners/base/artifacts/knowledge.js";
import { openPromptMaker, type PromptParams } from "../../../runners/base/prompts/open.js";
import { builtInPrompts } from "../../../runners/base/prompts/templates.js";
import { checkKnowledge, knowledgeStage } from "../../../runners/composition/index.js";
import type * as Sources from "../../../runners/stages/dataset/sources.js";
import { inferRunners } from "../../../runners/stages/infer/runner.js";
import type { Json } from "../../../src/base/json.js";
import type { Rated } from "../../support/knowledge/dataset.js";
import { writeDataset } from "../../support/knowledge/dataset.js";
import { datasetRequest, graphOf, settingsOf } from "../../support/knowledge/settings.js";
import { scriptedServer } from "../../support/openai-server.js";
import { newFolder, removeFolders, runStage } from "../../support/stage.js";

// Two data sets whose ids tell nothing about their items.
vi.mock("../../../runners/stages/dataset/sources.js", async (importOriginal) => {
  const actual = await importOriginal<typeof Sources>();
  const like = actual.sourceOf("ml-100k")!;
  const sources = [
    ...actual.sources,
    { ...like, id: "goodreads", domain: "book" },
    { ...like, id: "lastfm", domain: "song" },
  ];
  return { sources, sourceOf: (id: unknown) => sources.find((source) => source.id === id) };
});

beforeEach(async () => {
  process.env["R4EC_TEXT_CACHE"] = await newFolder();
});
afterEach(() => {
  delete process.env["R4EC_TEXT_CACHE"];
});
afterAll(removeFolders);

const items = Array.from({ length: 12 }, (_, item) => ({ title: `Title ${item + 1}` }));
const history = items.map((_, item): Rated => [item + 1, (item % 5) + 1]);

/** A folder of prompts with words for songs and for nothing else. */
async function songPrompts(): Promise<string> {
  const folder = await newFolder();
  const words = readFileSync(path.join(builtInPrompts(), "words.yaml"), "utf8");
  const book = words.slice(words.indexOf("\nbook:") + 1);
  const song = book
    .replace("book:", "song:")
    .replace("thing: book", "thing: song")
    .replace("things: books", "things: songs")
    .replace("tag: Book", "tag: Song");
  writeFileSync(path.join(folder, "words.yaml"), song);
  return folder;
}

const cases = [
  { id: "goodreads", domain: "book", own: () => Promise.resolve(null) },
  { id: "lastfm", domain: "song", own: songPrompts },
] as const;

describe.each(cases)("the data set $id, whose items are each a $domain", ({ id, domain, own }) => {
  const stagesOf = (knowledge: Json) =>
    graphOf(knowledgeStage(settingsOf(knowledge, id), { folder: "/nowhere" }, datasetRequest)!);

  it.each(["kar", "r2ec", "r4ec"])(
    "has the templates of %s planned that it runs with",
    async (variant) => {
      const prompts = await own();
      const dataset = await writeDataset({ users: [history], items, domain });
      const asking = stagesOf({ variant, prompts }).filter(({ params }) => "prompts" in params);
      expect(asking.length).toBeGreaterThan(0);
      for (const { params } of asking) {
        // Throws where the run has other templates than the plan.
        const maker = await openPromptMaker({ dataset }, params["prompts"] as PromptParams, prompts);
        expect(maker.templates.words.thing).toBe(domain);
      }
    },
  );

  it("runs kar, with prompts that speak of its items", async () => {
    const prompts = await own();
    const dataset = await writeDataset({ users: [history], items, domain });
    const infer = { engine: "endpoint", base_url: "http://127.0.0.1:1/v1", model: "scripted" };
    const think = stagesOf({ variant: "kar", prompts, infer }).find(
      ({ runner }) => runner === "think",
    )!;
    const seen: string[] = [];
    const server = await scriptedServer(({ prompt }) => {
      seen.push(prompt);
      return { kind: "text", text: "what is known" };
    });
    try {
      const { out } = await runStage({
        runner: inferRunners.find(({ name }) => name === "think")!,
        params: think.params,
        execution: { ...think.execution, base_url: server.baseUrl },
        inputs: { dataset },
      });
      expect(await readTexts(out, "items")).toHaveLength(items.length);
      expect(seen.every((prompt) => prompt.includes(domain))).toBe(true);
    } finally {
      await server.close();
    }
  });
});

it("names the words that a domain lacks before anything runs", () => {
  const settings = settingsOf("kar", "lastfm");
  const messages = checkKnowledge(settings, { folder: "/nowhere" }).map(({ message }) => message);
  expect(messages.join()).toMatch(/words\.yaml: song needs thing/);
});
