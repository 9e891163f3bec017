import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { VectorLog } from "../../../../runners/stages/embed/vector-log.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "r4ec-vectors-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const vector = (of: number): Float32Array => Float32Array.of(of, of + 0.5);
const kept = (): string =>
  [...Array(9).keys()].filter((key) => log().get(`k${key}`) !== undefined).join("");
const log = (): VectorLog => new VectorLog(folder, { has: () => true });
const keysFile = (): string =>
  path.join(
    folder,
    readdirSync(folder).find((name) => name.endsWith(".keys"))!,
  );

/** Keeps k0 alone, k1 to k3 together, and k4 and k5 together. */
function keep(): void {
  const writer = log();
  for (const batch of [[0], [1, 2, 3], [4, 5]]) {
    writer.add(batch.map((key) => [`k${key}`, vector(key)] as const));
  }
  writer.close();
}

it("gives vectors that were kept together all or not at all, wherever the file ends", () => {
  keep();
  const text = readFileSync(keysFile(), "utf8");
  expect(kept()).toBe("012345");
  const ends = new Set<string>();
  for (let length = text.length; length >= 0; length--) {
    truncateSync(keysFile(), length);
    ends.add(kept());
  }
  expect([...ends]).toEqual(["012345", "0123", "0", ""]);
});

it("reads the lines of earlier releases, each of which stands alone", () => {
  keep();
  const old = readFileSync(keysFile(), "utf8").replaceAll(/ \d\/\d$/gm, "");
  writeFileSync(keysFile(), old.split("\n").slice(0, 3).join("\n") + "\n");
  expect(kept()).toBe("012");
});
