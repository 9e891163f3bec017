import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readTexts } from "../../../runners/base/artifacts/knowledge.js";
import { openPromptMaker, type PromptParams } from "../../../runners/base/prompts/open.js";
import {
  builtInPrompts,
  loadTemplates,
  TEMPLATE_NAMES,
} from "../../../runners/base/prompts/templates.js";
import { checkKnowledge, knowledgeStage } from "../../../runners/composition/index.js";
import type * as Sources from "../../../runners/stages/dataset/sources.js";
import { inferRunners } from "../../../runners/stages/infer/runner.js";
import { teachRunners } from "../../../runners/stages/teach/runner.js";
import type { Json } from "../../../src/base/json.js";
import type { Rated } from "../../support/knowledge/dataset.js";
import { writeDataset } from "../../support/knowledge/dataset.js";
import {
  datasetRequest,
  graphOf,
  identityOf,
  settingsOf,
} from "../../support/knowledge/settings.js";
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
  const sourceOf = (id: unknown) => sources.find((source) => source.id === id);
  return { ...actual, sources, readable: sources, sourceOf, sourceOfStage: sourceOf };
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

/** Wrong at first, found unreasonable, and right once there is a reflection: the target is disliked. */
function answerTo(prompt: string, domain: string, tag: string): string {
  if (prompt.includes("<Final Judgement>")) {
    const about = prompt.includes("user preference is") ? "user preference" : `${domain} knowledge`;
    return `<Final Judgement>the ${about} is not reasonable</Final Judgement>\n<Reflection>too vague</Reflection>`;
  }
  if (!prompt.includes("<Final Verdict>")) return "what is known";
  const likes = prompt.includes("too vague") ? "will not like" : "will like";
  const knowledge = ["User Preference", `${tag} Knowledge`].map(
    (name) => `<${name}>known</${name}>`,
  );
  return `${knowledge.join("\n")}\n<Final Verdict>the user ${likes} the target ${domain}</Final Verdict>`;
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
        const maker = await openPromptMaker(
          { dataset },
          params["prompts"] as PromptParams,
          prompts,
        );
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

  it.each(["r2ec", "r4ec"])("runs the stages of %s that ask a model", async (variant) => {
    const prompts = await own();
    const dataset = await writeDataset({ users: [history], items, domain });
    const tag = loadTemplates(domain, prompts).words.tag;
    const seen: string[] = [];
    const server = await scriptedServer(({ prompt }) => {
      seen.push(prompt);
      return { kind: "text", text: answerTo(prompt, domain, tag) };
    });
    const { baseUrl } = server;
    const stages = stagesOf({
      variant,
      prompts,
      teacher: { base_url: baseUrl, model: "scripted", api_key_env: null },
      infer: { engine: "endpoint", base_url: baseUrl, model: "scripted" },
    });
    const runners = [...teachRunners, ...inferRunners];
    const outs = new Map([[identityOf(datasetRequest), dataset]]);
    const metrics: { [name: string]: number } = {};
    try {
      for (const stage of stages) {
        const runner = runners.find(({ name }) => name === stage.runner);
        if (runner === undefined) continue;
        // The endpoint stands for a model with its adapter: there is no fine-tuning here.
        const inputs = Object.entries(stage.inputs).filter(([, input]) =>
          outs.has(identityOf(input)),
        );
        const { out, result } = await runStage({
          runner,
          params: stage.params,
          execution: stage.execution,
          inputs: Object.fromEntries(
            inputs.map(([name, input]) => [name, outs.get(identityOf(input))!]),
          ),
        });
        outs.set(identityOf(stage), out);
        Object.assign(metrics, result!.metrics);
      }
    } finally {
      await server.close();
    }
    expect(seen.every((prompt) => prompt.includes(domain))).toBe(true);
    expect(metrics).toMatchObject({ "user.think.wrong": 1, "items.texts": items.length });
    if (variant === "r4ec") {
      // Wrong verdicts were reflected on and refined, and so was what the actor wrote.
      expect(metrics).toMatchObject({ "samples.refinement": 2, "items.refined": items.length });
    }
  });
});

it("names the words that a domain lacks before anything runs", () => {
  const settings = settingsOf("kar", "lastfm");
  const messages = checkKnowledge(settings, { folder: "/nowhere" }).map(({ message }) => message);
  expect(messages.join()).toMatch(/words\.yaml: song needs thing/);
});

it("keeps r4ec's words where a user's own words.yaml has no entry of that name", async () => {
  const own = await songPrompts();
  expect(loadTemplates("song", own).words.thing).toBe("song");
  expect(loadTemplates("book", own).words).toEqual(loadTemplates("book", null).words);
  expect(() => loadTemplates("opera", own)).toThrow(/words\.yaml: opera needs thing/);
});

describe("the word for what users did with items", () => {
  const words = { ...loadTemplates("book", null).words };
  const history = { history: "[]", like_above: "3" };

  it("stands in prompts where there is one, and is part of a template's hash", () => {
    const templates = loadTemplates({ ...words, read: "devoured" }, null);
    const prompt = templates.render("user-think.student", history);
    expect(prompt).toContain("From what one user devoured, work out");
    expect(templates.render("user-think.student", history)).not.toContain("{{");
    const hash = templates.hash("user-think.student");
    expect(hash).not.toBe(loadTemplates(words, null).hash("user-think.student"));
  });

  it("leaves a template what it was where there is none: its text and its hash hold no bar", () => {
    const templates = loadTemplates("book", null);
    for (const name of TEMPLATE_NAMES) {
      const text = templates.text(name);
      expect(text).not.toContain("|");
      if (!name.includes("user-re")) expect(text).toMatch(/user rated,|users rated:/u);
      const hash = createHash("sha256").update(`${text}\0${JSON.stringify(templates.words)}`);
      expect(templates.hash(name)).toBe(hash.digest("hex"));
    }
  });
});
