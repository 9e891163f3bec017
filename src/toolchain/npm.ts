import path from "node:path";
import { existsSync } from "node:fs";

/** A program and the arguments that stand before its own. */
export interface Npm {
  readonly program: string;
  readonly first: readonly string[];
}

/** npm: the one that started this process, else the one beside this Node, else the one on PATH. */
export function findNpm(): Npm {
  const started = process.env["npm_execpath"];
  const folder = path.dirname(process.execPath);
  const script = [
    ...(started?.endsWith("npm-cli.js") === true ? [started] : []),
    path.join(folder, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
  ].find((file) => existsSync(file));
  return script === undefined
    ? { program: "npm", first: [] }
    : { program: process.execPath, first: [script] };
}
