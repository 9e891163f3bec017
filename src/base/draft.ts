import { createHash, randomBytes } from "node:crypto";
import path from "node:path";
import type { ProcessIdentity } from "./process.js";
import { hostIdentity, hostParts, identityOf, isAlive } from "./process.js";

/**
 * A draft is a file that is written beside its place and then renamed or linked to it. Its name
 * says which process writes it, so that what a killed process leaves is known for what it is:
 * `.NAME.PID-START-MACHINE-BOOT-NAMESPACE.RANDOM.draft`. The last three parts are hashes; `0` where
 * the system does not say.
 */
const DRAFT =
  /^\..+\.(\d+)-(\d+)-([0-9a-f]{8}|0)-([0-9a-f]{8}|0)-([0-9a-f]{8}|0)\.[0-9a-f]{12}\.draft$/;

/** Drafts of earlier versions, of files and of locks, say only the process's number. */
const OLD_DRAFT = /^(?:\..+\.\d+\.[0-9a-f]{8}|.+\.\d+\.[0-9a-f]{12}\.draft)$/;

const short = (text: string | null): string =>
  text === null ? "0" : createHash("sha256").update(text).digest("hex").slice(0, 8);

function marksOf(identity: string): { machine: string; boot: string; namespace: string } {
  const { name, machine, boot, namespace } = hostParts(identity);
  return {
    machine: machine === null ? "0" : short(`${name} ${machine}`),
    boot: short(boot),
    namespace: short(namespace),
  };
}

/** A new draft's path for a file, in the same folder; `writer` is who will write it. */
export function draftOf(file: string, writer: ProcessIdentity = identityOf()): string {
  const { pid, start, host } = writer;
  const { machine, boot, namespace } = marksOf(host);
  const process = [pid, start ?? "0", machine, boot, namespace].join("-");
  const random = randomBytes(6).toString("hex");
  return path.join(path.dirname(file), `.${path.basename(file)}.${process}.${random}.draft`);
}

/** Whether a file's name is that of a draft, and whether its writer is gone for certain. */
export function draftState(
  name: string,
  host: string = hostIdentity(),
): "none" | "alive" | "dead" | "unknown" {
  const match = DRAFT.exec(name);
  if (match === null) return OLD_DRAFT.test(name) ? "unknown" : "none";
  const [, pid, start, machine, boot, namespace] = match as unknown as string[];
  const here = marksOf(host);
  if (boot === here.boot && namespace === here.namespace && machine === here.machine) {
    const identity = {
      pid: Number(pid),
      start: start === "0" ? null : start!,
      host: hostIdentity(),
    };
    return isAlive(identity) === false ? "dead" : "alive";
  }
  // No process outlives its machine's boot.
  const same = machine === here.machine && machine !== "0";
  return same && boot !== "0" && here.boot !== "0" && boot !== here.boot ? "dead" : "unknown";
}
