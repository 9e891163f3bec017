import { copyFile, cp, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../runners/base/files/write-npy.js";
import { science } from "../../runners/registry.js";
import type { Json, JsonObject } from "../../src/base/json.js";
import { FileHashes, makePlan } from "../../src/plan/index.js";
import type { Experiment } from "../../src/spec/index.js";
import { renderDiagnostic } from "../../src/spec/index.js";
import { readSpec } from "../../src/spec/load.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { specs } from "./specs.js";
import { expectClear, expectWords, fuzz, mutateText, type Random } from "./support.js";

const repository = (name: string): string =>
  fileURLToPath(new URL(`../../${name}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await newFolder();
  for (const name of ["ml-100k", "ml-1m", "amazon"]) {
    await cp(repository(`test/data/${name}`), path.join(folder, name), { recursive: true });
  }
  await copyFile(repository("docs/examples/nfm.mjs"), path.join(folder, "own.mjs"));
  await writeFile(path.join(folder, "samples.json"), '[{"prompt":"p","answer":"a"}]');
  await writeFile(path.join(folder, "items.jsonl"), '{"id":"1","vector":[1,2]}\n');
  await writeNpy(path.join(folder, "users.npy"), new Float32Array(4), [2, 2]);
});
afterAll(removeFolders);

const read = (text: string) => readSpec({ file: "spec.yaml", folder, text }, science);
const idsOf = ({ cells }: Experiment): string => cells.map(({ id }) => id).join(" ");

async function check(text: string): Promise<void> {
  const result = read(text);
  const found = result.ok ? result.value.diagnostics : result.error;
  const lines = text.split(/\r\n|\n|\r/).length;
  for (const one of found) {
    expectWords(one.message);
    expect(one.line).toBeGreaterThanOrEqual(1);
    expect(one.line).toBeLessThanOrEqual(lines);
    expect(one.column).toBeGreaterThanOrEqual(1);
    renderDiagnostic(one, text);
  }
  expect(found.some(({ severity }) => severity === "error")).toBe(!result.ok);
  if (!result.ok) return;
  const { cells, resolved, name } = result.value;
  expect(cells.length).toBeGreaterThan(0);
  expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  // What r4ec understood, written out, is the same experiment.
  const again = read(JSON.stringify(resolved));
  if (!again.ok) throw new Error(`read again: ${again.error.map((one) => one.message).join("; ")}`);
  expect([again.value.name, idsOf(again.value)]).toEqual([name, idsOf(result.value)]);
  if (cells.length > 200) return;
  try {
    const plan = await makePlan(result.value, science, new FileHashes(path.join(folder, "store")));
    expect(plan.cells.length).toBe(cells.length);
  } catch (error) {
    expectClear(error);
  }
}

test("the specs that are changed are right as they stand", async () => {
  for (const text of specs) {
    const result = read(text);
    expect(result.ok ? [] : result.error.map(({ message }) => message)).toEqual([]);
    await check(text);
  }
});

test("a spec's text", { timeout: 86_400_000 }, () =>
  fuzz("a spec's text", 0.1, (random) => check(mutateText(random, random.of(specs)))),
);

/** One value of a document is exchanged for another one of any specs, or for something odd. */
function exchangeValue(random: Random, document: JsonObject, donor: JsonObject): JsonObject {
  const places: (readonly string[])[] = [];
  const values: Json[] = [null, true, 0, -1, 1e300, 0.5, "", "x", [], {}, [[]], "none", "auto"];
  const visit = (value: Json, where: readonly string[], own: boolean): void => {
    if (own && where.length > 0) places.push(where);
    values.push(value);
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) visit(inner as Json, [...where, key], own);
  };
  visit(document, [], true);
  visit(donor, [], false);
  const put = (value: Json, where: readonly string[], wanted: Json): Json => {
    const [head, ...rest] = where;
    if (head === undefined) return wanted;
    if (Array.isArray(value)) {
      return (value as readonly Json[]).map((item, at) =>
        at === Number(head) ? put(item, rest, wanted) : item,
      );
    }
    return { ...(value as JsonObject), [head]: put((value as JsonObject)[head]!, rest, wanted) };
  };
  return put(document, random.of(places), random.of(values)) as JsonObject;
}

test("a spec's values", { timeout: 86_400_000 }, async () => {
  const documents = specs.map((text) => {
    const result = read(text);
    if (!result.ok) throw new Error("a spec of the list is wrong");
    return result.value.resolved;
  });
  await fuzz("a spec's values", 0.05, (random) => {
    let document = random.of(documents);
    for (let count = 1 + random.below(3); count > 0; count--) {
      document = exchangeValue(random, document, random.of(documents));
    }
    return check(JSON.stringify(document));
  });
});
