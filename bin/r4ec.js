#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cli = new URL("../dist/src/cli.js", import.meta.url);
// A package made of a clone that was never compiled, or a linked clone whose dist/ was removed.
const compiled =
  existsSync(fileURLToPath(cli)) ||
  (await import("../scripts/bootstrap.mjs").then(({ compileOnly }) => compileOnly()));
if (compiled) await import(cli.href);
