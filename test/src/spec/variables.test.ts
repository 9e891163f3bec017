import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/base/json.js";
import { errorsWith, experimentOf, experimentWith, spec } from "./read.js";

const said = (rest: string, variables: { readonly [name: string]: string }): readonly string[] =>
  errorsWith(spec(rest), { variables });

describe("variables of the environment in a spec", () => {
  it("make the spec that has their values written out", () => {
    const values = fc.record({
      seed: fc.nat(1000),
      epochs: fc.integer({ min: 1, max: 99 }),
      rate: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      actor: fc.stringMatching(/^[a-z][a-z/.-]{0,8}$/).filter((one) => !/^(true|false)$/.test(one)),
    });
    fc.assert(
      fc.property(values, fc.boolean(), ({ seed, epochs, rate, actor }, byDefault) => {
        const text = (of: (name: string, value: Json) => Json): string =>
          JSON.stringify({
            ...{ name: "t", dataset: "ml-100k", backbone: "din", seed: of("SEED", seed) },
            ctr: { epochs: of("EPOCHS", epochs), mlp: [of("EPOCHS", epochs)] },
            knowledge: { variant: "r4ec", actor: of("ACTOR", actor) },
            sweep: { grid: { "ctr.learning_rate": [of("RATE", rate), 2] } },
          });
        const variables = Object.fromEntries(
          Object.entries({ SEED: seed, EPOCHS: epochs, ACTOR: actor, RATE: rate }).map(
            ([name, value]) => [name, String(value)],
          ),
        );
        const filled = experimentWith(
          text((name, value) => `\${env:${name}${byDefault ? `:-${String(value)}` : ""}}`),
          { variables: byDefault ? {} : variables },
        );
        const written = experimentOf(text((_, value) => value));
        expect(filled.cells).toEqual(written.cells);
        expect(filled.resolved).toEqual(written.resolved);
        expect(filled.composition!.environment).toEqual(variables);
        expect(written.composition).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it("fill a part of a text, which then stays text", () => {
    const text = spec("knowledge: {variant: r4ec, actor: 'v${env:N}-${env:M:-x}'}\n");
    const [cell] = experimentWith(text, { variables: { N: "1" } }).cells;
    expect(cell!.settings["knowledge"]).toMatchObject({ actor: "v1-x" });
  });

  it("another value is another cell", () => {
    const text = spec("seed: ${env:SEED}\n");
    const idsOf = (seed: string): readonly string[] =>
      experimentWith(text, { variables: { SEED: seed } }).cells.map(({ id }) => id);
    expect(idsOf("1")).not.toEqual(idsOf("2"));
    expect(idsOf("2")).toEqual(experimentOf(spec("seed: 2\n")).cells.map(({ id }) => id));
  });

  it.each([
    [
      "seed: ${env:SEED}",
      {},
      "4:7 the variable SEED is not set; set it, or write a default: ${env:SEED:-DEFAULT}",
    ],
    [
      "seed: ${env:SEED}",
      { SEED: "" },
      "4:7 the variable SEED is empty; set it, or write a default: ${env:SEED:-DEFAULT}",
    ],
    ["seed: ${env:SEED}", { SEED: "one" }, '4:7 seed must be a whole number, not "one"'],
    [
      "seed: ${env:MY SEED}",
      {},
      "4:7 ${env:MY SEED} names no variable; write ${env:NAME} or ${env:NAME:-DEFAULT}",
    ],
    [
      "seed: ${env:}",
      {},
      "4:7 ${env:} names no variable; write ${env:NAME} or ${env:NAME:-DEFAULT}",
    ],
    [
      "seed: $SEED",
      { SEED: "1" },
      "4:7 r4ec fills in nothing for $SEED; write the value itself, or ${env:NAME} for a variable of the environment",
    ],
    [
      "knowledge: ${env:A}/${oc.env:B}",
      { A: "1" },
      "4:12 r4ec fills in nothing for ${oc.env:B}; write the value itself, or ${env:NAME} for a variable of the environment",
    ],
  ])("%s with %j is an error with its place", (line, variables, message) => {
    expect(said(`${line}\n`, variables as { [name: string]: string })).toEqual([message]);
  });

  it.each([
    "HF_TOKEN",
    "OPENAI_API_KEY",
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "DB_PASS",
    "MY_CREDENTIALS",
  ])("never fill in a secret: a variable with the name %s", (name) => {
    const variables = { [name]: "s3cret-s3cret" };
    const [message, ...more] = said(
      `knowledge: {variant: r4ec, actor: "\${env:${name}}"}\n`,
      variables,
    );
    expect(message).toContain(`${name} looks like a secret`);
    expect(message).not.toContain("s3cret");
    expect(more).toEqual([]);
  });

  it.each([
    ["a setting that holds a secret", "api_key: ${env:NAME}", "api_key looks like a secret"],
    [
      "a setting that names a variable",
      "key_env: ${env:NAME}",
      "key_env holds the name of a variable, not its value; write key_env: NAME",
    ],
    [
      "a value that has the form of a key",
      "actor: ${env:KEYLIKE}",
      "what KEYLIKE holds looks like a secret",
    ],
    [
      "an address with a password",
      "actor: ${env:ADDRESS}",
      "what ADDRESS holds looks like a secret",
    ],
  ])("never fill in a secret: %s", (_, line, message) => {
    const variables = {
      NAME: "abcdefgh",
      KEYLIKE: "sk-abcdefgh12345678",
      ADDRESS: "http://me:hunter2@host/",
    };
    const found = said(`knowledge:\n  variant: r4ec\n  ${line}\n`, variables);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).not.toMatch(/sk-abc|hunter2/);
  });
});
