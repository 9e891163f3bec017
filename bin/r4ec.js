#!/usr/bin/env node
import { createRequire } from "node:module";

// To import a part of Node gives each of its members a name first, which also loads what few members need.
const require = createRequire(import.meta.url);
const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
const { fileURLToPath } = require("node:url");

const KEEPERS = ["quickstart", "validate", "plan", "sweep"];
const [whole, parts] = ["../dist/cli/r4ec.js", "../dist/src/cli.js"].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);
// A package made of a clone that was never compiled, or a linked clone whose dist/ was removed.
const compiled =
  existsSync(parts) ||
  (await import("../scripts/bootstrap.mjs").then(({ compileOnly }) => compileOnly()));
if (compiled) {
  if (existsSync(whole)) startFrom(whole);
  else await import(new URL("../dist/src/cli.js", import.meta.url).href);
}

/**
 * Runs the command line out of one file (scripts/bundle.mjs). What V8 compiled of it is kept beside it, since to compile
 * takes longer than to run most commands. V8 itself refuses what another version of it has kept; that it is of
 * another text, only the name tells.
 */
function startFrom(file) {
  // The file is ASCII, and so is read without being decoded.
  const text = readFileSync(file, "latin1");
  const sum = /^\/\/ (\w+)/.exec(text)[1];
  const kept = `${file}.${sum.slice(0, 16)}.node-${process.version}-${process.arch}`;
  const script = new Script(text, {
    filename: file,
    cachedData: existsSync(kept) ? readFileSync(kept) : undefined,
  });
  // Who is first decides what is kept, and other commands compile little of what those that read a spec need.
  if (script.cachedDataRejected !== false && KEEPERS.includes(process.argv[2])) {
    process.on("exit", () => keep(script, kept));
  }
  const module = { exports: {} };
  const importOuter = (name) => import(name);
  script.runInThisContext()(createRequire(file), importOuter, file, module, module.exports);
}

/** Keeps what is compiled by now, in one step; where it may not write, r4ec starts a little slower. */
function keep(script, file) {
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(part, script.createCachedData());
    renameSync(part, file);
  } catch (error) {
    if (error.code === undefined) throw error;
  }
}
