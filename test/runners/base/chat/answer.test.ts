import { afterEach, describe, expect, it } from "vitest";
import { chatEndpoint } from "../../../../runners/base/chat/completions.js";
import { EndpointError } from "../../../../runners/base/chat/endpoint-error.js";
import { scriptedServer, type Reply, type ScriptedServer } from "../../../support/openai-server.js";

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

async function ask(reply: Reply, extra = {}, room = 1) {
  server = await scriptedServer(() => reply);
  const address = { baseUrl: server.baseUrl, apiKeyEnv: null, timeoutSeconds: 5 };
  const options = { ...address, model: "m", temperature: 0, maxTokens: 8, extra };
  return chatEndpoint(options)("hi", new AbortController().signal, room);
}

const message = (fields: object, finish?: string): Reply => ({
  kind: "message",
  message: fields,
  ...(finish === undefined ? {} : { finish }),
});
const content = (text: unknown, finish?: string): Reply => message({ content: text }, finish);

describe("an answer of any shape is a text", () => {
  it.each<[string, Reply, string]>([
    ["a text", content(" likes comedies "), "likes comedies"],
    ["thoughts before it", content("<think>hm</think>\nlikes comedies"), "likes comedies"],
    ["a closing tag alone", content("hm, let me see</think>likes comedies"), "likes comedies"],
    [
      "thoughts twice",
      content("<think>a</think>b<think>c</think>likes comedies"),
      "likes comedies",
    ],
    ["tags in another case", content("<Thinking>hm</THINKING >likes comedies"), "likes comedies"],
    ["tags of Magistral", content("[THINK]hm[/THINK]likes comedies"), "likes comedies"],
    ...[
      "<thought>hm</thought>",
      "<reasoning>hm</reasoning>\n",
      "<seed:think>hm</seed:think>",
      "◁think▷hm◁/think▷",
      "<|begin_of_thought|>hm<|end_of_thought|><|begin_of_solution|>",
      "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>",
      "analysishmassistantfinal",
      '<think time="3 s">hm</think>',
      "<longcat_think>hm</longcat_think>",
      "<analysis>hm</analysis>",
      "<scratchpad>hm</scratchpad>\n",
      "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>",
      "<unused94>thought\nhm<unused95>",
      "<|channel>thought\nhm<channel|>",
      "Here is my thought process: hm. Here is my response:\n",
      "Here's my thought process:\n\nhm\n\nHere's my response: ",
      "<think>hm</think>\n<answer>\n",
    ].map((thoughts): [string, Reply, string] => [
      `thoughts as ${thoughts}`,
      content(`${thoughts}likes comedies`),
      "likes comedies",
    ]),
    [
      "a tag around what follows thoughts",
      content("<think>hm</think>\n<answer>\nlikes comedies\n</answer>"),
      "likes comedies",
    ],
    [
      "words about a response",
      content("Here is my response: 4 of 5"),
      "Here is my response: 4 of 5",
    ],
    [
      "the end of a channel",
      content("<|channel|>final<|message|>likes comedies<|return|>"),
      "likes comedies",
    ],
    [
      "thoughts in a field of their own",
      message({ content: "likes comedies", reasoning_content: "hm" }),
      "likes comedies",
    ],
    [
      "a list of parts",
      content([
        { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
        { type: "text", text: "likes " },
        { type: "text", text: "comedies" },
      ]),
      "likes comedies",
    ],
    ["a list of texts", content(["likes ", "comedies"]), "likes comedies"],
    [
      "a completion of text",
      { kind: "garbage", body: '{"choices":[{"text":"likes comedies"}]}' },
      "likes comedies",
    ],
    ["a cut text", content("likes comedies", "length"), "likes comedies"],
  ])("%s", async (_, reply, text) => {
    expect((await ask(reply)).said.text).toBe(text);
  });

  it.each(["length", "max_tokens", "MAX_TOKENS"])(
    "finish reason %s: it was cut",
    async (finish) => {
      expect((await ask(content("x", finish))).said.cut).toBe(true);
      expect((await ask(content("x", "stop"))).said.cut).toBe(false);
    },
  );
});

describe("or a reason that is counted", () => {
  it.each<[string, Reply, string]>([
    ["null", content(null), "empty"],
    ["no content", message({}), "empty"],
    ["an empty text", content(""), "empty"],
    ["white space", content(" \n"), "empty"],
    ["an empty list", content([]), "empty"],
    ["a call of a tool", message({ content: null, tool_calls: [{ id: "1" }] }), "empty"],
    ["thoughts that do not end", content("<think>hm, let me"), "reasoning"],
    ["thoughts of a channel", content("<|channel|>analysis<|message|>hm, let"), "reasoning"],
    ["thoughts of Kimi that do not end", content("◁think▷hm"), "reasoning"],
    ["thoughts in a tag with more in it", content("<think time='3'>hm, let"), "reasoning"],
    ["thoughts of Granite that do not end", content("Here is my thought process: hm"), "reasoning"],
    ["thoughts of Gemma that do not end", content("<unused94>thought\nhm"), "reasoning"],
    ["thoughts of Command that do not end", content("<|START_THINKING|>hm"), "reasoning"],
    ["thoughts that begin again", content("<think>a</think>b<think>c"), "reasoning"],
    ["thoughts and nothing after", content("<think>hm</think>\n"), "reasoning"],
    ["thoughts in a field alone", message({ content: null, reasoning_content: "hm" }), "reasoning"],
    ["thoughts in a part alone", content([{ type: "thinking", thinking: "hm" }]), "reasoning"],
    ["thoughts that were cut", content("<think>hm, let me", "length"), "cut"],
    [
      "thoughts in a field that were cut",
      message({ content: "", reasoning: "hm" }, "length"),
      "cut",
    ],
    ["cut before it began", content(null, "length"), "cut"],
    ["a refusal", message({ content: null, refusal: "I can't help with that." }), "declined"],
    ["a refusal as a part", content([{ type: "refusal", refusal: "No." }]), "declined"],
    ["a filter", content("", "content_filter"), "filtered"],
  ])("%s", async (_, reply, why) => {
    expect((await ask(reply)).said).toMatchObject({ text: null, why });
  });
});

it.each<[string, string, string, string]>([
  [
    "a fault that may pass",
    '{"error":{"message":"upstream timed out","code":502}}',
    "passing",
    "error",
  ],
  ["a fault without a code", '{"error":"server busy"}', "passing", "error"],
  [
    "an error of the choice",
    '{"choices":[{"error":{"message":"provider failed","code":503}}]}',
    "passing",
    "error",
  ],
  ["no choices", '{"object":"chat.completion","choices":[]}', "passing", "error"],
  ["a choice that is none", '{"choices":[7]}', "passing", "error"],
  [
    "a filter",
    '{"error":{"message":"blocked","code":"content_filter","status":400}}',
    "refused",
    "filtered",
  ],
])("an error inside a 200 is told as one: %s", async (_, body, kind, reason) => {
  const failure: unknown = await ask({ kind: "garbage", body }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EndpointError);
  expect(failure).toMatchObject({ kind, reason, answered: true });
});

it("extra adds fields, replaces them, and leaves out those that are null", async () => {
  const extra = { temperature: null, max_tokens: null, max_completion_tokens: 64, seed: 3 };
  await ask(content("x"), extra, 4);
  expect(server!.seen[0]!.body).toEqual({
    model: "m",
    messages: [{ role: "user", content: "hi" }],
    max_completion_tokens: 256,
    seed: 3,
    stream: false,
  });
});
