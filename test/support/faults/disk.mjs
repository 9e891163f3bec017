// A disk that fails: patches node:fs in this process or thread, so that chosen operations fail as a real disk
// would make them fail. Nothing in the sources knows of it. Only operations that change something
// below `root` count; reading never does.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import path from "node:path";

const { promises } = fs;

/** Operations, and what can befall them. A kill can come before each of them, or in the middle of some. */
const BEFALLS = {
  open: ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"],
  mkdir: ["ENOSPC", "EIO", "EACCES", "EROFS"],
  write: ["ENOSPC", "EIO"],
  sync: ["ENOSPC", "EIO"],
  move: ["ENOSPC", "EIO", "EACCES", "EROFS"],
  remove: ["EIO", "EACCES", "EROFS"],
  cut: ["EIO", "EACCES", "EROFS"],
};

/** @param {string} kind @param {string} fault a code, or `kill` */
export const canBefall = (kind, fault) => fault === "kill" || BEFALLS[kind].includes(fault);

const TEXTS = {
  ENOSPC: "no space left on device",
  EIO: "i/o error",
  EACCES: "permission denied",
  EROFS: "read-only file system",
  EMFILE: "too many open files",
};

export function diskError(code, syscall, place) {
  const error = new Error(`${code}: ${TEXTS[code]}, ${syscall} '${place}'`);
  return Object.assign(error, { code, errno: -os.constants.errno[code], syscall, path: place });
}

/** Thrown into synchronous code of a process that was killed. */
const killed = () => new Error("this process was killed");
const never = () => new Promise(() => undefined);

/**
 * Patches node:fs.
 *
 * @param {string} root only what lies below counts
 * @param {(kind: string, place: string) => string | null} judge what befalls an operation: null for nothing, a
 *   code, `kill`, or `dead` where the process was killed before. It is asked once an operation.
 * @param {() => void} die ends the process, or what stands for it
 */
export function installDisk(root, judge, die) {
  const inside = (place) => {
    const full = path.resolve(place instanceof URL ? place.pathname : String(place));
    return full === root || full.startsWith(root + path.sep) ? full : null;
  };
  // A call that is made of other calls counts as these.
  let nested = 0;
  const ask = (kind, place) => (place === null || nested > 0 ? null : judge(kind, place));

  /** `half` does a part of the work before the failure. */
  const inPromise = async (kind, syscall, place, whole, half) => {
    const fate = ask(kind, place);
    if (fate === null) return whole();
    if (fate === "dead") return never();
    // An operation that the real disk refuses (its folder is not there) has no half.
    if (half !== undefined && ["kill", "ENOSPC", "EIO"].includes(fate))
      await Promise.resolve(half()).catch(() => undefined);
    if (fate !== "kill") throw diskError(fate, syscall, place);
    die();
    return never();
  };
  const atOnce = (kind, syscall, place, whole, half) => {
    const fate = ask(kind, place);
    nested += 1;
    try {
      if (fate === null) return whole();
      if (fate === "dead") throw killed();
      if (half !== undefined && ["kill", "ENOSPC", "EIO"].includes(fate)) {
        try {
          half();
        } catch {
          // As above.
        }
      }
      if (fate !== "kill") throw diskError(fate, syscall, place);
      die();
      throw killed();
    } finally {
      nested -= 1;
    }
  };
  const halfOf = (data) =>
    typeof data === "string" || ArrayBuffer.isView(data)
      ? data.slice(0, Math.floor(data.length / 2))
      : "";
  const writes = (flags) =>
    typeof flags === "number"
      ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT)) !== 0
      : /[wa+]/.test(flags ?? "r");

  /** Removes about half of a folder, as a kill in the middle would. */
  const removeHalf = (folder) => {
    let names = [];
    try {
      names = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    } catch {
      return;
    }
    const files = names.filter((entry) => !entry.isDirectory());
    for (const entry of files.slice(0, Math.ceil(files.length / 2)))
      original.unlinkSync(path.join(entry.parentPath, entry.name));
  };

  const original = { ...fs };
  const handles = new WeakMap();
  const descriptors = new Map();

  // Promises.
  const open = promises.open;
  promises.open = async (place, flags, mode) => {
    const full = inside(place);
    const opened = async () => {
      const handle = await open(place, flags, mode);
      handles.set(handle, full);
      return handle;
    };
    return writes(flags) ? inPromise("open", "open", full, opened) : opened();
  };
  const promised = (name, kind, whichPlace, halfWith) => {
    const real = promises[name];
    promises[name] = (...args) => {
      const half = halfWith === undefined ? undefined : () => halfWith(real, args);
      return inPromise(kind, name, inside(args[whichPlace]), () => real(...args), half);
    };
  };
  const halfFile = (real, [place, data, ...rest]) =>
    typeof place === "object" ? undefined : real(place, halfOf(data), ...rest);
  promised("writeFile", "open", 0, halfFile);
  promised("appendFile", "open", 0, halfFile);
  promised("mkdir", "mkdir", 0);
  promised("rename", "move", 1);
  promised("link", "move", 1);
  promised("symlink", "move", 1);
  promised("copyFile", "open", 1);
  promised("cp", "open", 1);
  promised("unlink", "remove", 0);
  promised("rmdir", "remove", 0);
  promised("rm", "remove", 0, (_, [place]) => removeHalf(place));
  promised("truncate", "cut", 0);

  return open(os.devNull).then(async (sample) => {
    const proto = Object.getPrototypeOf(sample);
    await sample.close();
    const ofHandle = (name, kind, syscall, half) => {
      const real = proto[name];
      proto[name] = function (...args) {
        const place = handles.get(this) ?? null;
        const whole = () => real.apply(this, args);
        return inPromise(kind, syscall, place, whole, half && (() => half(real, this, args)));
      };
    };
    const halfWrite = (real, handle, [data]) => real.call(handle, halfOf(data));
    ofHandle("write", "write", "write", halfWrite);
    ofHandle("writev", "write", "write");
    ofHandle("writeFile", "write", "write", halfWrite);
    ofHandle("appendFile", "write", "write", halfWrite);
    ofHandle("sync", "sync", "fsync");
    ofHandle("datasync", "sync", "fdatasync");
    ofHandle("truncate", "cut", "ftruncate");
    patchPlain();
    syncBuiltinESMExports();
  });

  function patchPlain() {
    const plain = (name, kind, placeOf, half) => {
      const real = fs[name];
      fs[name] = (...args) =>
        atOnce(
          kind,
          name.replace(/Sync$/, ""),
          placeOf(args),
          () => real(...args),
          half?.(real, args),
        );
    };
    const first = (args) => inside(args[0]);
    const second = (args) => inside(args[1]);
    const described = (args) => descriptors.get(args[0]) ?? null;
    const openSync = fs.openSync;
    fs.openSync = (place, flags, mode) => {
      const opened = () => {
        const descriptor = openSync(place, flags, mode);
        descriptors.set(descriptor, inside(place));
        return descriptor;
      };
      return writes(flags) ? atOnce("open", "open", inside(place), opened) : opened();
    };
    plain("writeSync", "write", described, (real, args) => () => real(args[0], halfOf(args[1])));
    plain("fsyncSync", "sync", described);
    plain("fdatasyncSync", "sync", described);
    plain("ftruncateSync", "cut", described);
    plain("mkdirSync", "mkdir", first);
    plain("writeFileSync", "open", first, (real, args) => () => real(args[0], halfOf(args[1])));
    plain("appendFileSync", "open", first, (real, args) => () => real(args[0], halfOf(args[1])));
    plain("renameSync", "move", second);
    plain("linkSync", "move", second);
    plain("copyFileSync", "open", second);
    plain("unlinkSync", "remove", first);
    plain("rmdirSync", "remove", first);
    plain("rmSync", "remove", first, (_, args) => () => removeHalf(args[0]));
    const closeSync = fs.closeSync;
    fs.closeSync = (descriptor) => {
      descriptors.delete(descriptor);
      return closeSync(descriptor);
    };
    // What streams call.
    const callback = (name, kind, placeOf) => {
      const real = fs[name];
      fs[name] = (...args) => {
        const place = placeOf(args);
        const fate = ask(kind, place);
        if (fate === null) return real(...args);
        if (fate === "dead") return undefined;
        if (fate === "kill") return die();
        const done = args.at(-1);
        return process.nextTick(done, diskError(fate, name, place));
      };
    };
    callback("write", "write", described);
    callback("writev", "write", described);
    const realOpen = fs.open;
    fs.open = (place, flags, mode, done) => {
      const full = inside(place);
      const [given, answer] = typeof mode === "function" ? [undefined, mode] : [mode, done];
      const fate = writes(flags) ? ask("open", full) : null;
      if (fate === "dead") return undefined;
      if (fate === "kill") return die();
      if (fate !== null) return process.nextTick(answer, diskError(fate, "open", full));
      return realOpen(place, flags, given, (error, descriptor) => {
        if (error === null) descriptors.set(descriptor, full);
        answer(error, descriptor);
      });
    };
  }
}
