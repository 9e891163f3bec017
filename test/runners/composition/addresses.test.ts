import { describe, expect, it } from "vitest";
import { science } from "../../../runners/registry.js";
import { readSpec } from "../../../src/spec/load.js";

/** Every setting that is an endpoint's address, in a spec that reads it. */
const SETTINGS: readonly (readonly [string, (address: string) => string])[] = [
  [
    "teacher",
    (address) => `{variant: r2ec, actor: Qwen/Qwen2.5-7B, teacher: {base_url: ${address}}}`,
  ],
  [
    "infer",
    (address) => `{variant: kar, infer: {engine: endpoint, model: m, base_url: ${address}}}`,
  ],
  [
    "embed",
    (address) => `{variant: profile, embed: {engine: endpoint, model: m, base_url: ${address}}}`,
  ],
];

const mistakesOf = (knowledge: string): string[] => {
  const text = `name: t\ndataset: ml-100k\nknowledge: ${knowledge}\n`;
  const read = readSpec({ file: "spec.yaml", folder: "/", text }, science);
  return read.ok ? [] : read.error.map(({ message }) => message);
};

describe.each(SETTINGS)("knowledge.%s.base_url", (_, specOf) => {
  it.each([
    ["a password", "http://me:hunter2@127.0.0.1:8000/v1", /holds a user name or a password/u],
    ["a user name", "https://me@lab/v1", /holds a user name or a password/u],
    ["no scheme", "127.0.0.1:8000/v1", /not an address|does not fit/u],
    ["no host", "'http://'", /not an address/u],
  ])("with %s is refused before anything is asked, and not shown", (__, address, why) => {
    const mistakes = mistakesOf(specOf(address));
    expect(mistakes).toContainEqual(expect.stringMatching(why));
    expect(mistakes.join()).not.toContain("hunter2");
  });

  it("may be any other", () => {
    expect(mistakesOf(specOf("http://gpu7.lab:8000/v1"))).toEqual([]);
  });
});
