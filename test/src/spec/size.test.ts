import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readSource } from "../../../src/spec/source.js";
import { experimentOf, said, spec } from "./read.js";

const many = (count: number, one: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => one(index)).join(",");

/** A machine that does other work too needs no more; what grows with the square needs minutes. */
const SECONDS = 60_000;

describe("a spec of any size takes seconds: it", () => {
  it.each([
    ["50,000 unknown keys", `{${many(50_000, (n) => `unknown${n}: 1`)}}`, (text: string) => text],
    [
      "50,000 unknown keys of a block",
      many(50_000, (n) => `unknown${n}: 1`),
      (text: string) => spec(`ctr: {${text}}\n`),
    ],
    [
      "50,000 wrong values of an axis",
      many(50_000, (n) => `x${n}`),
      (text: string) => spec(`sweep: {grid: {ctr.epochs: [${text}]}}\n`),
    ],
    [
      "50,000 values of no form, after good ones",
      `${many(600, () => "none")},${many(50_000, (n) => `{actor: {q: ${n}}}`)}`,
      (text: string) => spec(`sweep: {grid: {knowledge: [${text}]}}\n`),
    ],
    [
      "50,000 wrong items of a list",
      many(50_000, (n) => `x${n}`),
      (text: string) => spec(`ctr: {mlp: [${text}]}\n`),
    ],
  ])("names the first of %s and says that there are more", { timeout: SECONDS }, (_, list, of) => {
    const mistakes = said(of(list));
    expect(mistakes.length).toBe(101);
    expect(mistakes.join("\n")).toContain("there are more mistakes than the 100 before this place");
  });

  it.each([
    ["200,000 seeds", `{grid: {seed: [${many(200_000, String)}]}}`, "200,000"],
    [
      "a million cells",
      `{grid: {seed: [${many(1000, String)}], ctr.epochs: [${many(1000, (n) => `${n + 1}`)}]}}`,
      "1,000,000",
    ],
    ["too many includes", `{include: [${many(100_001, (n) => `{seed: ${n}}`)}]}`, "100,002"],
  ])("has a limit for %s", { timeout: SECONDS }, (_, sweep, count) => {
    expect(said(spec(`sweep: ${sweep}\n`))).toEqual([
      `4:1 this sweep has ${count} cells; at most 100,000 are allowed`,
    ]);
  });

  it("expands as many cells as are allowed", { timeout: SECONDS }, () => {
    const sweep = `{grid: {seed: [${many(1000, String)}], ctr.epochs: [${many(100, (n) => `${n + 1}`)}]}}`;
    expect(experimentOf(spec(`sweep: ${sweep}\n`)).cells.length).toBe(100_000);
  });

  const cells = (seeds: number, epochs: number): string =>
    `grid: {seed: [${many(seeds, String)}], ctr.epochs: [${many(epochs, (n) => `${n + 1}`)}]}`;

  it.each([
    [
      "each of 50,000 cells",
      (n: number) => `{seed: ${n % 1000}, ctr.epochs: ${(n / 1000 + 1) | 0}}`,
    ],
    [
      "with other settings",
      (n: number) => `{ctr: {epochs: ${(n / 1000 + 1) | 0}}, seed: ${n % 1000}}`,
    ],
  ])("takes 50,000 excludes of 100,000 cells, %s", { timeout: SECONDS }, (_, exclude) => {
    const sweep = `{${cells(1000, 100)}, exclude: [${many(50_000, exclude)}]}`;
    expect(experimentOf(spec(`sweep: ${sweep}\n`)).cells.length).toBe(50_000);
  });

  it.each([
    ["warning", "exclude", (n: number) => `{seed: ${n + 100}}`, "49,900 more warnings"],
    ["error", "include", () => "{seed: 1}", "49,899 more mistakes"],
  ] as const)("shows the first of 50,000 %ss", { timeout: SECONDS }, (severity, key, one, rest) => {
    const text = spec(`sweep: {${cells(9, 1)}, ${key}: [${many(50_000, one)}]}\n`);
    const shown = said(text, severity);
    expect(shown.length).toBe(101);
    expect(shown.at(-1)).toContain(`from here on there are ${rest}; only the first 100 are shown`);
  });

  it("is no file of any size", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "r4ec-size-"));
    const file = path.join(folder, "large.yaml");
    await writeFile(file, "x".repeat(5e6));
    const source = readSource(file);
    await rm(folder, { recursive: true });
    expect(source.ok ? "" : source.error.message).toBe(
      "this file has 5.0 MB; a spec has at most 4.0 MB",
    );
  });
});
