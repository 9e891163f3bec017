import { readdirSync } from "node:fs";
import path from "node:path";

/** True for a name with `*` or `?`. */
export const isPattern = (name: string): boolean => /[*?]/.test(name);

/**
 * The files that a pattern means, in the order of their names (by code units). `*` stands for any
 * text within one part of a path, `?` for one sign; a leading dot has to be written.
 *
 * @param pattern an absolute path
 */
export function filesOfPattern(pattern: string): string[] {
  const { root } = path.parse(pattern);
  let found = [root];
  for (const part of pattern.slice(root.length).split(path.sep)) {
    if (part === "") continue;
    found = found.flatMap((folder) => {
      if (!isPattern(part)) return [path.join(folder, part)];
      const expression = new RegExp(
        `^${part
          .replace(/[.+^${}()|[\]\\]/gu, "\\$&")
          .replace(/\*/gu, ".*")
          .replace(/\?/gu, ".")}$`,
        "su",
      );
      return namesIn(folder)
        .filter((name) => expression.test(name) && (part.startsWith(".") || !name.startsWith(".")))
        .map((name) => path.join(folder, name));
    });
  }
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
