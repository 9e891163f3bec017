import path from "node:path";
import type { Finding } from "../../../src/base/diagnostic.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { kindAt, resolvePath } from "../../base/files/spec-path.js";
import { mistake } from "../../base/stage/mistake.js";
import { FILE_SETTINGS, isVectorFile, type OwnFilesSettings } from "./settings.js";

/**
 * Mistakes in the user's own files that the schema can't see.
 *
 * @param where dotted path of the block
 */
export function checkOwnFiles(
  file: OwnFilesSettings,
  where: string,
  place: SpecPlace,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (typeof file.users !== "string" && typeof file.items !== "string") {
    const what = `set ${where}.users, ${where}.items or both`;
    findings.push(mistake(where, `variant file needs a file: ${what}`));
  }
  for (const setting of FILE_SETTINGS) {
    const name = file[setting];
    if (typeof name !== "string") continue;
    const found = resolvePath(name, place);
    const kind = kindAt(found);
    if (kind === null) {
      findings.push(mistake(`${where}.${setting}`, `there is no file ${name} (${found})`));
    } else if (kind === "folder") {
      findings.push(mistake(`${where}.${setting}`, `${name} is a folder, not a file`));
    }
  }
  for (const side of ["users", "items"] as const) {
    const name = file[side];
    if (typeof name !== "string") continue;
    const extension = path.extname(name).toLowerCase();
    if (!isVectorFile(name) && ![".jsonl", ".ndjson"].includes(extension)) {
      const known = ".jsonl, .ndjson, .npy and .safetensors";
      const what = `${name} cannot be read; known are files ending in ${known}`;
      findings.push(mistake(`${where}.${side}`, what));
    }
    const ids = side === "users" ? "user_ids" : "item_ids";
    if (typeof file[ids] === "string" && !isVectorFile(name)) {
      findings.push({
        severity: "hint",
        message: `${name} names its ids itself, so ${where}.${ids} is not read`,
        path: `${where}.${ids}`,
      });
    }
  }
  return findings;
}
