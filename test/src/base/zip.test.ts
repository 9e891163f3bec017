import { existsSync } from "node:fs";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/base/exit.js";
import { extract, openZip, readMember, whyUnsafe } from "../../../src/base/zip.js";
import { newFolder, removeFolders } from "../../support/stage.js";

afterAll(removeFolders);

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function archive(files: Parameters<typeof zipSync>[0]): Promise<string> {
  const file = path.join(await newFolder(), "archive.whl");
  await writeFile(file, zipSync(files));
  return file;
}

async function unpack(file: string): Promise<string> {
  const folder = await newFolder();
  const zip = await openZip(file);
  await extract(zip, zip.members, folder, () => undefined);
  return folder;
}

/** The mode of a symbolic link, as a zip made on a Unix system tells it. */
const link = { os: 3, attrs: (0o120777 << 16) >>> 0 } as const;

describe("a zip archive", () => {
  it("gives back what was packed into it, with its permissions", async () => {
    const large = new Uint8Array(300_000).map((_, at) => (at * at) % 251);
    const file = await archive({
      "p/a.txt": bytesOf("short"),
      "p/empty": bytesOf(""),
      "p/plain.bin": [large, { level: 0 }],
      "p/packed.bin": large,
      "bin/tool": [bytesOf("#!"), { os: 3, attrs: (0o100755 << 16) >>> 0 }],
    });
    const folder = await unpack(file);
    expect(await readFile(path.join(folder, "p/a.txt"), "utf8")).toBe("short");
    expect(await readFile(path.join(folder, "p/empty"), "utf8")).toBe("");
    for (const name of ["p/plain.bin", "p/packed.bin"]) {
      expect(Buffer.compare(await readFile(path.join(folder, name)), large), name).toBe(0);
    }
    expect((await stat(path.join(folder, "bin/tool"))).mode & 0o777).toBe(0o755);
  });

  it("is read as Python's zipfile writes it, zip64 and folders too", async () => {
    const file = path.join(await newFolder(), "python.zip");
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("p/", "")
    with archive.open("p/large.txt", "w", force_zip64=True) as member:
        member.write(b"zip64" * 1000)
    archive.comment = b"a comment with PK in it"
`;
    execFileSync("python3", ["-c", script, file]);
    const zip = await openZip(file);
    expect(zip.members.map(({ name, size }) => [name, size])).toEqual([["p/large.txt", 5000]]);
    expect((await readMember(zip, zip.members[0]!)).toString()).toBe("zip64".repeat(1000));
  });

  const outside: readonly (readonly [string, string])[] = [
    ["../up", ".. in its name"],
    ["p/../../up", ".. in its name"],
    ["p/..", ".. in its name"],
    ["/etc/absolute", "absolute name"],
    ["C:drive", "names a drive"],
    ["c:/drive", "names a drive"],
    ["..\\up", "backslash"],
    ["p\\file", "backslash"],
    ["\\\\server\\share", "backslash"],
  ];

  it.each(outside)("with a member %s is refused before anything is written", async (name, why) => {
    const file = await archive({ "p/good.txt": bytesOf("good"), [name]: bytesOf("bad") });
    await expect(unpack(file)).rejects.toMatchObject({
      exitCode: ExitCode.environment,
      message: expect.stringContaining(why) as string,
    });
  });

  it("with a link in it is refused, wherever the link leads", async () => {
    for (const target of ["../up", "/etc/passwd", "good.txt"]) {
      const file = await archive({ "p/good.txt": bytesOf(""), "p/link": [bytesOf(target), link] });
      await expect(openZip(file)).rejects.toThrow(/"p\/link" is a link or a device; nothing/u);
    }
  });

  it("never writes outside its folder, whatever its members are called", async () => {
    const part = fc.constantFrom("a", "b.txt", "..", ".", "", "C:", "\\", " ", "...");
    const anyName = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
    await fc.assert(
      fc.property(anyName, (name) => {
        if (whyUnsafe(name) !== null) return;
        const folder = path.resolve("/some/folder");
        const target = path.join(folder, ...name.split("/"));
        expect(target === folder || target.startsWith(`${folder}${path.sep}`)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("that is cut off, or has a changed byte, is damaged", async () => {
    const whole = await readFile(
      await archive({ "p/a.bin": [bytesOf("x".repeat(999)), { level: 0 }] }),
    );
    const file = path.join(await newFolder(), "damaged.whl");
    for (const length of [0, 10, 60, whole.length - 5]) {
      await writeFile(file, whole.subarray(0, length));
      await expect(unpack(file), `${length} bytes`).rejects.toThrow(/damaged\.whl is damaged/u);
    }
    const changed = Buffer.from(whole);
    changed[100]! ^= 1;
    await writeFile(file, changed);
    const folder = await newFolder();
    const zip = await openZip(file);
    const unpacked = extract(zip, zip.members, folder, () => undefined);
    await expect(unpacked).rejects.toThrow(/damaged\.whl is damaged \(p\/a\.bin is not what/u);
    expect(existsSync(path.join(folder, "p/a.bin"))).toBe(false);
    expect(await readdir(path.join(folder, "p"))).toEqual([]);
  });
});
