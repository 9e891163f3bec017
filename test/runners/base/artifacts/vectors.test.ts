import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readSideVectors, readVectors } from "../../../../runners/base/artifacts/vectors.js";
import {
  sideVectors,
  writeSideVectors,
  writeVectors,
} from "../../../../runners/base/artifacts/write-vectors.js";
import { writeNpy } from "../../../../runners/base/files/write-npy.js";
import { newFolder } from "../../../support/stage.js";

const vectors = {
  model: "some-model",
  users: sideVectors(3, 2, [
    [3, Float32Array.of(5, 6)],
    [1, Float32Array.of(1, 2)],
  ]),
  items: sideVectors(1, 3, [[1, Float32Array.of(7, 8, 9)]]),
};

describe("an artifact of vectors", () => {
  it("has the vector of user n in row n, and zeros where there is none", () => {
    expect([...vectors.users.numbers]).toEqual([0, 0, 1, 2, 0, 0, 5, 6]);
    expect(vectors.users.withoutText).toBe(1);
  });

  it("is read as it was written, and written the same way again", async () => {
    const [first, second] = [await newFolder(), await newFolder()];
    await writeVectors(first, vectors);
    expect(await readVectors(first)).toEqual(vectors);
    await writeVectors(second, await readVectors(first));
    const names = readdirSync(first);
    expect(names.sort()).toEqual(["embedding.json", "items.npy", "users.npy"]);
    for (const name of names) {
      expect(readFileSync(path.join(second, name))).toEqual(readFileSync(path.join(first, name)));
    }
  });

  it("may hold one side only, and then counts rows of zeros", async () => {
    const folder = await newFolder();
    await writeSideVectors(folder, "users", vectors.users);
    expect(await readSideVectors(folder, "users")).toEqual(vectors.users);
    expect(await readSideVectors(folder, "items")).toBeNull();
  });

  it("is refused where a file is not what its form says", async () => {
    const folder = await newFolder();
    await writeVectors(folder, vectors);
    await writeNpy(path.join(folder, "items.npy"), Int32Array.of(1, 2), [2]);
    await expect(readVectors(folder)).rejects.toThrow(/items\.npy holds <i4 \[2\], not float32/u);
    writeFileSync(path.join(folder, "embedding.json"), "{");
    await expect(readVectors(folder)).rejects.toThrow(SyntaxError);
  });
});
