#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

// Node 22 and later keep what they compiled: the next start takes half of the time.
module.enableCompileCache?.();

const cli = new URL("../dist/src/cli.js", import.meta.url);
// A package made of a clone that was never compiled, or a linked clone whose dist/ was removed.
const compiled =
  existsSync(fileURLToPath(cli)) ||
  (await import("../scripts/bootstrap.mjs").then(({ compileOnly }) => compileOnly()));
if (compiled) await import(cli.href);
