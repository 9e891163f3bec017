import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { science } from "../../../runners/registry.js";
import { loadSpec, readSpec } from "../../../src/spec/load.js";

const folder = mkdtempSync(path.join(tmpdir(), "r4ec-paths-"));
writeFileSync(path.join(folder, "file"), "");
symlinkSync("circle", path.join(folder, "circle"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DATASET = "dataset: ml-100k\n";
/** Every setting that names a file or a folder, in a spec that reads it. */
const SETTINGS: readonly (readonly [string, (name: string) => string])[] = [
  ["dataset.path", (name) => `dataset: {id: ml-1m, path: ${name}}\n`],
  ["dataset.reviews", (name) => `dataset: {id: amazon-books, reviews: ${name}, metadata: file}\n`],
  ["dataset.metadata", (name) => `dataset: {id: amazon-books, reviews: file, metadata: ${name}}\n`],
  ["backbone", (name) => `${DATASET}backbone: ${name}\n`],
  ["knowledge.actor", (name) => `${DATASET}knowledge: {variant: kar, actor: ${name}}\n`],
  ["knowledge.prompts", (name) => `${DATASET}knowledge: {variant: kar, prompts: ${name}}\n`],
  [
    "knowledge.teacher.model",
    (name) => `${DATASET}knowledge: {variant: r2ec, teacher: {server: r4ec, model: ${name}}}\n`,
  ],
  [
    "knowledge.finetune.samples.thinking",
    (name) => `${DATASET}knowledge: {variant: r2ec, finetune: {samples: {thinking: ${name}}}}\n`,
  ],
  [
    "knowledge.embed.model",
    (name) =>
      `${DATASET}knowledge: {variant: profile, embed: {engine: sentence-transformers, model: ${name}}}\n`,
  ],
  [
    "knowledge.file.users",
    (name) => `${DATASET}knowledge: {variant: file, file: {users: ${name}.npy}}\n`,
  ],
  [
    "knowledge.file.user_ids",
    (name) => `${DATASET}knowledge: {variant: file, file: {users: file, user_ids: ${name}}}\n`,
  ],
];

describe.each(SETTINGS)("%s", (setting, specOf) => {
  it.each([
    ["is not there", "./nothing"],
    ["is longer than a name may be", `./${"a".repeat(300)}`],
    ["is longer than a path may be", `.${"/abc".repeat(2000)}`],
    ["goes through a file", "./file/x"],
    ["goes round in a circle", "./circle/x"],
    ["holds a NUL character", '"./a\\0b"'],
  ])("that %s is one clear error at its place", (_, name) => {
    const text =
      `name: paths\n${specOf(name.startsWith('"') && setting.endsWith(".users") ? '"./a\\0"' : name)}`
        // A NUL stands in quotes, and so does the end of the name then.
        .replace('"./a\\0".npy', '"./a\\0.npy"');
    const result = readSpec({ file: "spec.yaml", folder, text }, science);
    const errors = result.ok ? [] : result.error.filter(({ severity }) => severity === "error");
    const about = errors.filter((one) => one.path === setting || one.path === `${setting}.name`);
    expect(about.map(({ message }) => message)).toHaveLength(1);
    expect(about[0]!.message).toMatch(/^there is no |NUL character| lacks /);
  });
});

it.each(SETTINGS)(
  "%s of a file that a spec extends starts at that file's folder",
  (setting, specOf) => {
    const own = path.join(folder, "own");
    mkdirSync(own, { recursive: true });
    mkdirSync(path.join(folder, "base"), { recursive: true });
    writeFileSync(path.join(folder, "base/base.yaml"), `name: paths\n${specOf("./there")}`);
    writeFileSync(path.join(own, "spec.yaml"), "extends: ../base/base.yaml\n");
    const result = loadSpec(path.join(own, "spec.yaml"), science);
    const errors = result.ok ? [] : result.error.filter(({ severity }) => severity === "error");
    const about = errors.filter((one) => one.path === setting || one.path === `${setting}.name`);
    expect(about.map(({ message }) => message)).toHaveLength(1);
    expect(about[0]!.message).toMatch(/(?:\.\.|r4ec-paths-\w+)\/base\/there/);
    expect(about[0]!.file).toContain("base.yaml");
  },
);

it.each([
  ["a data set's id", "dataset: {id: true}\nknowledge: kar\n", "dataset.id"],
  ["a model's name", `${DATASET}knowledge: {variant: kar, actor: {name: 7}}\n`, "actor.name"],
  ["a model", `${DATASET}knowledge: {variant: r4ec, reflector: {nam: x}}\n`, "nam"],
])("%s that does not fit leaves the rest to be checked", (_, rest, said) => {
  const text = `name: wrong\n${rest}`;
  const result = readSpec({ file: "spec.yaml", folder, text }, science);
  expect(result.ok ? "" : result.error.map(({ message }) => message).join("\n")).toContain(said);
});
