#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT } from "../scripts/exit-status.mjs";

const cli = new URL("../dist/src/cli.js", import.meta.url);
if (existsSync(fileURLToPath(cli))) {
  await import(cli.href);
} else {
  console.error("r4ec is not compiled yet: run npm run build in its folder");
  process.exitCode = ENVIRONMENT;
}
