import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/base/json.js";
import { learnSecret, learnSecrets, redact, redactJson } from "../../../src/base/redact.js";
import { places, secrets } from "./secrets.js";

describe("a secret", () => {
  it("is hidden in every place where it gives itself away, as a value of its own", () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), secrets, (place, secret) => {
        const value: Json = JSON.parse(JSON.stringify(place.value(secret))) as Json;
        expect(JSON.stringify(redactJson(value))).not.toContain(
          JSON.stringify(secret).slice(1, -1),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("is hidden within a text once it has been seen as a value", () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), secrets, fc.string(), (place, secret, around) => {
        learnSecrets(JSON.parse(JSON.stringify(place.value(secret))) as Json);
        expect(redact(`${around} ${secret} ${around}`)).not.toContain(secret);
        expect(redact(encodeURIComponent(secret))).not.toContain(encodeURIComponent(secret));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["get https://ann:s3cret@mirror.example/x and http://b@c:1/", "s3cret", "b@c"],
    ["at http://u:p@ss@h:5/x and https://t@k/y", "p@ss", "ss@", "t@k"],
    ["at http://ann:pa ss/w?o#r@d@host:80/x", "pa ss", "ss/w", "r@d"],
    ["at http://ann:12/34@host/x", "12/34"],
    ["http://h/x?token=abc&a=1", "abc"],
    ["http://h/x#access_token=abc", "abc"],
    ["Authorization: Bearer abc.def-123 and Basic dXNlcjpwdw==", "abc", "dXN"],
    ["hf_hub_token: hf_AbCdEfGhIjKlMnOpQr", "AbCd"],
    ["api_key_env: gsk1234567890abcdef", "gsk1"],
    ['{"api_key": "abcdefgh"}', "abcdefgh"],
    ["Authorization: Token abcd1234efgh", "abcd1234"],
    ["Cookie: session=abcd1234; user=ann", "abcd1234"],
    ["started with MLFLOW_TRACKING_TOKEN=abcd1234efgh", "abcd1234"],
    ["vllm serve --api-key abcd1234efgh --port 1", "abcd1234"],
    ["Incorrect API key provided: abcd1234efgh.", "abcd1234"],
    ["HTTPS_PROXY=ann:abcd1234@proxy.example:3128", "abcd1234"],
    ["no connection to ann:abcd1234@10.0.0.1:3128", "abcd1234"],
    ["from //ann:abcd1234@host.example/x", "abcd1234"],
    ["from //ann:abcd1234@host/x", "abcd1234"],
    ["https://host.example/v1?code=abcd1234", "abcd1234"],
    ["machine host.example login ann password abcd1234", "abcd1234"],
    ["nvapi-AbCd1234EfGh5678 or nvapi_AbCd1234EfGh5678", "AbCd"],
    ["dapi0123456789abcdef0123456789abcdef", "0123456789"],
    ["LLM|123456789|AbCdEfGhIjKl1234", "AbCdEf"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"],
  ])("is not in: %s", (text, ...hidden) => {
    for (const part of hidden) expect(redact(text)).not.toContain(part);
  });

  it("learned by its value is hidden wherever it stands", () => {
    learnSecret("entirely-unlike-a-key-7");
    expect(redact("wrong key: entirely-unlike-a-key-7!")).toBe("wrong key: ***!");
  });
});

describe("what is no secret", () => {
  it.each([
    "mail me@example.org",
    "mail ann@example.com, file:///a@b",
    "see http://localhost:5000/#/experiments/1 (mail me@example.org)",
    "http://h:5000/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=r4ec-0f3a5b7c9d1e2f3a",
    "https://registry.example/@scope/package",
    "https://hub.example/org/model@revision",
    '{"a": "http://h:1/x", "b": "me@example.org"}',
    "the environment variable OPENAI_API_KEY (api_key_env) is not set",
    "api_key_env: OPENAI_API_KEY",
    "task-1234567890 of disk-1234567890",
    "max_tokens: 12345, hf_hub_token, texts.tokens=123456",
    "0f3a5b7c9d1e2f3a",
    "pad_token=</s> eos_token: <|im_end|>",
    "git@github.com:org/repo.git and image:tag@sha256:0f3a5b7c",
    "12:30:45 ann@example.org wrote: 10:20@30",
    "no API key: set OPENAI_API_KEY (api_key_env)",
    "fw_default_settings, csk-something, --token-file x",
  ])("stays: %s", (text) => {
    expect(redact(text)).toBe(text);
    expect(redactJson({ message: text })).toEqual({ message: text });
  });

  it("redacted again stays as it is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), secrets, (place, secret) => {
        const once = redactJson(JSON.parse(JSON.stringify(place.value(secret))) as Json);
        expect(redactJson(once)).toEqual(once);
      }),
    );
  });

  it("costs no copy: a value without secrets is the same object", () => {
    const value = { cells: [{ id: "a1b2", settings: { "model.rate": 0.1, text: "plain" } }] };
    expect(redactJson(value)).toBe(value);
  });
});
