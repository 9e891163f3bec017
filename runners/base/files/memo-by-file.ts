import { statSync } from "node:fs";

/**
 * Remembers what was found in files: a plan and a check ask for every cell, and a file is read once.
 * A file with another size or time is read again. What `look` throws is thrown on, and not kept.
 *
 * @returns a function of the question, the file's path, and how it is answered
 */
export function memoByFile<T>(): (question: string, path: string, look: () => T) => T {
  const known = new Map<string, { readonly answer: T }>();
  return (question, path, look) => {
    const { size, mtimeMs } = statSync(path);
    const key = `${question} ${size} ${mtimeMs} ${path}`;
    const found = known.get(key) ?? { answer: look() };
    known.set(key, found);
    return found.answer;
  };
}
