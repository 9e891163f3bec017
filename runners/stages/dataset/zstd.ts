import { spawn } from "node:child_process";
import { PassThrough, type Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { ExitCode, UserError } from "../../../src/base/exit.js";

/** The first four bytes of a zstd file as a number, the lowest byte first. */
export const ZSTD_START = 0xfd2fb528;

/** Node has it from 22.15 on; its types of Node 20 don't. */
const ofNode = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

/**
 * The content of a zstd file. By Node where it can (22.15), else by the program `zstd`: both see
 * where the file is cut off or its sum is wrong. (DuckDB reads zstd too, and a file that is cut in
 * half without a word.) The stream fails with a UserError.
 */
export function zstdStream(path: string, file: Readable): Readable {
  const damaged = (why: string): UserError =>
    new UserError(`${path} is damaged or not complete (${why}); fetch the file again`);
  const out = new PassThrough();
  if (ofNode !== undefined) {
    const unpacking = ofNode();
    unpacking.on("error", (error) => out.destroy(damaged(error.message)));
    out.on("close", () => unpacking.destroy());
    return file.pipe(unpacking).pipe(out);
  }
  const program = spawn("zstd", ["-d", "-c", "-q", "--long=31"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  program.stderr.on("data", (text: Buffer) => (said += text.toString("utf8")));
  program.on("error", () =>
    out.destroy(
      new UserError(`${path}: a zstd file needs Node 22.15 or the program zstd`, {
        exitCode: ExitCode.environment,
        hint: "install zstd, or unpack the file",
      }),
    ),
  );
  program.stdin.on("error", () => undefined);
  program.stdout.pipe(out, { end: false });
  program.on("close", (code) => {
    if (code === 0) out.end();
    else out.destroy(damaged(said.trim().split("\n").at(-1) ?? `zstd ended with ${code}`));
  });
  out.on("close", () => program.kill());
  file.pipe(program.stdin);
  return out;
}
