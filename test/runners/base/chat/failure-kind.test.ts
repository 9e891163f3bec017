import { afterEach, describe, expect, it } from "vitest";
import { chatEndpoint } from "../../../../runners/base/chat/completions.js";
import { EndpointError } from "../../../../runners/base/chat/endpoint-error.js";
import { scriptedServer, type Reply, type ScriptedServer } from "../../../support/openai-server.js";

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

/** What one answer of a server means, over the real protocol. */
async function failureOf(reply: Reply): Promise<EndpointError> {
  server = await scriptedServer(() => reply);
  const complete = chatEndpoint({
    baseUrl: server.baseUrl,
    apiKeyEnv: null,
    timeoutSeconds: 5,
    model: "m",
    temperature: 0,
    maxTokens: 8,
    extra: {},
  });
  const error: unknown = await complete("hi", new AbortController().signal, 1).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof EndpointError) return error;
  throw new Error(`no EndpointError but ${String(error)}`);
}

const refusal = (status: number, message: string, error: object = {}): Reply => ({
  kind: "status",
  status,
  message,
  error,
});

// Messages as the servers write them (OpenAI, vLLM, llama.cpp, Ollama, DeepSeek, Gemini, TGI, LiteLLM).
describe("what every other request would meet as well is fatal", () => {
  it.each<[string, Reply]>([
    [
      "a parameter",
      refusal(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        { code: "unsupported_parameter", param: "max_tokens", type: "invalid_request_error" },
      ),
    ],
    [
      "a value",
      refusal(
        400,
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        { code: "unsupported_value", param: "temperature" },
      ),
    ],
    ["a value out of range", refusal(400, "temperature must be in [0, 2], got 3.0")],
    [
      "a length beyond the model's",
      refusal(
        400,
        "max_tokens is too large: 999999. This model supports at most 16384 completion tokens.",
        { param: "max_tokens" },
      ),
    ],
    ["an argument", refusal(400, "Unrecognized request argument supplied: chat_template_kwargs")],
    [
      "a field, in FastAPI's form",
      {
        kind: "status",
        status: 422,
        body: '{"detail":[{"type":"extra_forbidden","loc":["body","guided_regex"],"msg":"Extra inputs are not permitted"}]}',
      },
    ],
    ["a model, 400", refusal(400, "Model Not Exist")],
    ["a model, 404", refusal(404, "The model `x` does not exist.", { code: "model_not_found" })],
    [
      "a model, a text in place of an object",
      { kind: "status", status: 400, body: '{"error":"invalid model name"}' },
    ],
    ...[
      "property 'chat_template_kwargs' is unsupported",
      'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
      "parameter.enable_thinking must be set to false for non-streaming calls",
      "Malformed input request: #: extraneous key [max_tokens] is not permitted, please reformat your input",
      "Unsupported param: echo",
      "meta/x is not a valid model ID",
      "Input validation error: `max_new_tokens` must be <= 2048. Given: 4096",
      "模型不存在，请检查模型代码。",
      "Invalid parameter: top_k",
      "Unknown request field(s): min_p",
      "This response_format type is unavailable now",
      "Failed to parse grammar",
      "The requested model 'x' is not deployed",
      "max_tokens: Field required",
      "Thinking mode only support streaming",
      "UnsupportedParamsError: openai does not support parameters: {'top_k': 1}",
    ].map((message): [string, Reply] => [message, refusal(400, message)]),
    ["a key", refusal(401, "Incorrect API key provided")],
    ["a method that the server does not know", refusal(501, "not implemented")],
    [
      "an error object of that kind inside a 200",
      { kind: "garbage", body: '{"error":{"message":"Unknown model: x","code":400}}' },
    ],
  ])("%s", async (_, reply) => {
    expect((await failureOf(reply)).kind).toBe("fatal");
  });
});

describe("what is one prompt's own is refused", () => {
  it.each<[string, Reply, string]>([
    [
      "too long, OpenAI",
      refusal(
        400,
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
        { code: "context_length_exceeded", param: "messages" },
      ),
      "refused",
    ],
    [
      "too long, vLLM",
      {
        kind: "status",
        status: 400,
        body: `{"object":"error","message":"'max_tokens' or 'max_completion_tokens' is too large: 512. This model's maximum context length is 2048 tokens and your request has 2000 input tokens","type":"BadRequestError","param":null,"code":400}`,
      },
      "refused",
    ],
    ...[
      "Prompt is too long: 214001 tokens > 200000 maximum",
      "The input token count (1300000) exceeds the maximum number of tokens allowed (1048576).",
      "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000",
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4077 `inputs` tokens and 20 `max_new_tokens`",
      "Range of input length should be [1, 30720]",
    ].map((message): [string, Reply, string] => [message, refusal(400, message), "refused"]),
    [
      "too long, TGI",
      {
        kind: "status",
        status: 422,
        body: '{"error":"Input validation error: `inputs` tokens + `max_new_tokens` exceeds the limit of tokens","error_type":"validation"}',
      },
      "refused",
    ],
    [
      "too large",
      {
        kind: "status",
        status: 413,
        body: "<html><body><h1>413 Request Entity Too Large</h1></body></html>",
      },
      "refused",
    ],
    [
      "filtered, Azure",
      refusal(
        400,
        "The response was filtered due to the prompt triggering content management policy",
        {
          code: "content_filter",
          param: "prompt",
        },
      ),
      "filtered",
    ],
    ["without a reason", refusal(400, "Bad Request"), "refused"],
  ])("%s", async (_, reply, reason) => {
    const failure = await failureOf(reply);
    expect([failure.kind, failure.reason]).toEqual(["refused", reason]);
  });
});

describe("a spent quota is told from a rate limit", () => {
  it.each<[string, Reply, string]>([
    [
      "spent, OpenAI",
      refusal(429, "You exceeded your current quota, please check your plan and billing details.", {
        code: "insufficient_quota",
      }),
      "fatal",
    ],
    ["spent, DeepSeek", refusal(402, "Insufficient Balance"), "fatal"],
    [
      "spent, Anthropic",
      refusal(400, "Your credit balance is too low to access the API."),
      "fatal",
    ],
    [
      "a rate, OpenAI",
      refusal(429, "Rate limit reached for requests. Please try again in 20s.", {
        code: "rate_limit_exceeded",
      }),
      "passing",
    ],
    [
      "a rate, Gemini",
      refusal(429, "You exceeded your current quota. Please retry in 12.3s."),
      "passing",
    ],
    [
      "a rate with Retry-After",
      {
        kind: "status",
        status: 429,
        headers: { "retry-after": "2" },
        message: "You exceeded your current quota.",
      },
      "passing",
    ],
    ["a rate without words", { kind: "status", status: 429, body: "" }, "passing"],
  ])("%s", async (_, reply, kind) => {
    const failure = await failureOf(reply);
    expect(failure.kind).toBe(kind);
    if (kind === "fatal") expect(failure.message).toMatch(/the quota is spent/);
  });
});

it.each<[string, string, string]>([
  ["OpenAI's form", '{"error":{"message":"words of the server"}}', "words of the server"],
  ["a text as error", '{"error":"words of the server"}', "words of the server"],
  ["vLLM's old form", '{"object":"error","message":"words of the server"}', "words of the server"],
  ["FastAPI's form", '{"detail":"words of the server"}', "words of the server"],
  ["FastAPI's list", '{"detail":[{"msg":"words of the server"}]}', "words of the server"],
  ["text", "words of the server", "words of the server"],
  [
    "a page of HTML",
    "<html><style>a{b:c}</style><p>words of\n the server</p></html>",
    "400 words of the server",
  ],
  ["nothing", "", "400 no words"],
])("the endpoint's words are told: %s", async (_, body, words) => {
  expect((await failureOf({ kind: "status", status: 400, body })).message).toContain(words);
});
