import fc from "fast-check";
import type { Json } from "../../../src/base/json.js";

/** Passwords with all that breaks naive readers of addresses. Long enough to be no chance match. */
const passwords = fc
  .tuple(
    fc.stringMatching(/^[A-Za-z0-9]{6,12}$/),
    fc.array(fc.constantFrom("/", "#", "?", "@", " ", ":", "%", "&", "=", "+", "é"), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.stringMatching(/^[A-Za-z]{6,12}[0-9]{2}$/),
  )
  .map(([before, between, after]) => `${before}${between.join("x")}${after}`);

const random = fc.stringMatching(/^[A-Za-z0-9]{12,30}[0-9]{4}$/);

/** Keys as services give them. */
export const keys = fc
  .tuple(
    fc.constantFrom(
      ...["sk-", "sk-proj-", "gsk_", "hf_", "ghp_", "AIza00000000", "xoxb-", "glpat-"],
      ...["csk-", "fw_", "tgp_v1_", "wandb_v1_", "nvapi-"],
    ),
    random,
  )
  .map(([form, key]) => form + key);

export const secrets = fc.oneof(passwords, keys);

const queryOf = (secret: string): string => encodeURIComponent(secret);

/** Where a user may put a secret, whatever its form. */
export const places: readonly {
  readonly name: string;
  readonly value: (secret: string) => Json;
}[] = [
  { name: "password", value: (secret) => ({ url: `https://ann:${secret}@host.example:8443/v1` }) },
  { name: "password, no path", value: (secret) => [`http://ann:${secret}@127.0.0.1`] },
  {
    name: "query",
    value: (secret) => ({ url: `https://h.example/v1?a=1&token=${queryOf(secret)}` }),
  },
  { name: "api_key", value: (secret) => ({ api_key: secret }) },
  { name: "hub token", value: (secret) => ({ extra: { hf_hub_token: secret } }) },
  { name: "variable's name", value: (secret) => ({ api_key_env: secret }) },
  { name: "header", value: (secret) => ({ headers: { Authorization: secret } }) },
];
