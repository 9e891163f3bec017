import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isDiskError } from "../../../src/base/errno.js";
import { openFolder, openFolderSync } from "../../../src/base/folder.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "r4ec-folder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The error of a failed call. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

describe.each([
  ["openFolder", openFolder],
  ["openFolderSync", (name: string) => Promise.resolve(openFolderSync(name))],
] as const)("%s", (_name, open) => {
  it("makes all that is missing and gives the first that it made", async () => {
    expect(await open(path.join(folder, "a", "b", "c"))).toBe(path.join(folder, "a"));
    expect(existsSync(path.join(folder, "a", "b", "c"))).toBe(true);
    expect(await open(path.join(folder, "a", "b"))).toBeUndefined();
    expect(await open(path.join(folder, "a", "b", "d"))).toBe(path.join(folder, "a", "b", "d"));
    await symlink(path.join(folder, "a"), path.join(folder, "link"));
    expect(await open(path.join(folder, "link"))).toBeUndefined();
  });

  it("is done by many at once", async () => {
    const place = path.join(folder, "x", "y", "z");
    await Promise.all(Array.from({ length: 20 }, () => open(place)));
    expect(existsSync(place)).toBe(true);
  });

  it.each([
    ["a file is in the way", "ENOTDIR", "file"],
    ["a file is in the way of a parent", "ENOTDIR", "file/below/it"],
    ["a link leads nowhere", "ENOTDIR", "nowhere"],
    ["a name is too long", "ENAMETOOLONG", `new/${"n".repeat(300)}/below`],
  ])("says as a failure of the disk that %s", async (_why, code, name) => {
    await writeFile(path.join(folder, "file"), "");
    await symlink(path.join(folder, "gone"), path.join(folder, "nowhere"));
    const error = await errorOf(() => Promise.resolve(open(path.join(folder, name))));
    expect(error).toMatchObject({ code });
    expect(isDiskError(error)).toBe(true);
  });
});
