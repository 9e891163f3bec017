#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

// Node 22 and later keep what they compiled: the next start takes half of the time.
module.enableCompileCache?.();

const [whole, parts] = ["../dist/cli/cli.js", "../dist/src/cli.js"].map(
  (name) => new URL(name, import.meta.url),
);
const isThere = (file) => existsSync(fileURLToPath(file));
// A package made of a clone that was never compiled, or a linked clone whose dist/ was removed.
const compiled =
  isThere(parts) ||
  (await import("../scripts/bootstrap.mjs").then(({ compileOnly }) => compileOnly()));
// In few files it starts in half of the time (scripts/bundle.mjs).
if (compiled) await import((isThere(whole) ? whole : parts).href);
