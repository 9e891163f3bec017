import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, readdirSync, rmSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Allocation } from "../../../src/contract/runner.js";
import { BINDING_VARIABLE } from "../../base/tensorflow.js";
import { openFolderSync } from "../../../src/base/folder.js";

/** Names the folder where programs compiled by XLA are kept; unset or empty: they are not. */
const CACHE_VARIABLE = "R4EC_XLA_CACHE";

const FLAG = "--tf_xla_persistent_cache_directory";

/** Names the folder where TensorFlow keeps kernels that it compiles one by one, on a card alone. */
const KERNELS_VARIABLE = "TF_JIT_CACHE_DIR";

/** Bytes from which the oldest programs are dropped. */
const LARGEST = 2 ** 30;

/** Milliseconds after which nobody is still writing a file. */
const SETTLED = 60_000;

/**
 * Has TensorFlow, before it is loaded, keep what it compiles in files and take it from there in
 * later processes: what XLA compiles (`TF_XLA_FLAGS` beside what it says already), and on a card the kernels of
 * elementwise operations (`TF_JIT_CACHE_DIR`, about a tenth of a second each). TensorFlow names a file by the
 * program, and takes no file that is cut short, so that processes may share the folder; it knows
 * nothing of its own version or the machine, which is why a folder holds those of one alone.
 */
export function keepCompiled(gpus: Allocation["gpus"]): void {
  const cache = process.env[CACHE_VARIABLE];
  if (!cache) return;
  const machine = machineKey(gpus.length > 0);
  const flags = process.env["TF_XLA_FLAGS"] ?? "";
  // Flags may be the path of a file that holds them, and end at white space.
  const free = flags === "" || (flags.trimStart().startsWith("-") && !flags.includes(FLAG));
  const folder = join(cache, machine);
  if (free && !/\s/.test(cache) && isReady(folder)) {
    process.env["TF_XLA_FLAGS"] = `${flags} ${FLAG}=${folder}`.trim();
  }
  const kernels = `${folder}-kernels`;
  if (gpus.length > 0 && process.env[KERNELS_VARIABLE] === undefined && isReady(kernels)) {
    process.env[KERNELS_VARIABLE] = kernels;
  }
}

/** Makes and tidies a folder. False where it can't be written: that saves no time, and costs no result. */
function isReady(folder: string): boolean {
  try {
    openFolderSync(folder);
    tidy(folder, LARGEST);
    return true;
  } catch {
    return false;
  }
}

/** Changes with TensorFlow, what XLA is told, the processor and the cards. */
function machineKey(withCards: boolean): string {
  const binding = process.env[BINDING_VARIABLE] ?? "";
  const { size, mtimeMs } = statSync(binding, { throwIfNoEntry: false }) ?? {};
  const told = [process.env["XLA_FLAGS"], process.env["TF_XLA_FLAGS"]];
  const machine = [process.arch, cpus()[0]?.model, withCards && cards()];
  const parts = [binding, size, mtimeMs, told, machine];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** Models and driver of the machine's cards. */
function cards(): string {
  try {
    return execFileSync(
      "nvidia-smi",
      ["--query-gpu=name,driver_version", "--format=csv,noheader"],
      {
        encoding: "utf8",
        timeout: 20_000,
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
  } catch {
    return "unknown";
  }
}

/**
 * Removes files that a crash of the machine cut short, which TensorFlow would stumble over, and the
 * oldest ones until the rest is no larger than `largest` bytes.
 */
export function tidy(folder: string, largest: number): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    // Another process may have removed it just now.
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? [] : [{ path, size: found.size, time: found.mtimeMs }];
  });
  files.sort((a, b) => b.time - a.time);
  let total = 0;
  for (const { path, size, time } of files) {
    total += size;
    const cut = time < Date.now() - SETTLED && !isWhole(path, size);
    if (total > largest || cut) rmSync(path, { force: true });
  }
}

/** Whether the file is a protocol buffer whose fields end just where it does. */
function isWhole(path: string, size: number): boolean {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return true;
  }
  try {
    const head = Buffer.alloc(24);
    let at = 0;
    while (at < size) {
      const there = readSync(file, head, 0, head.length, at);
      const tag = varint(head, 0, there);
      const value = tag && varint(head, tag.end, there);
      if (tag === undefined || value === undefined) return false;
      // Beside whole numbers (0), the format of these files has fields with a length (2) alone.
      if ((tag.value & 7) === 2) at += value.end + value.value;
      else if ((tag.value & 7) === 0) at += value.end;
      else return false;
    }
    return at === size && size > 0;
  } finally {
    closeSync(file);
  }
}

/** The number at a place, 7 bits a byte, and where it ends; undefined where the bytes end before. */
function varint(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let i = start; i < Math.min(end, start + 10); i++) {
    value += (bytes[i]! & 127) * 2 ** (7 * (i - start));
    if (bytes[i]! < 128) return { value, end: i + 1 };
  }
  return undefined;
}
