import { science } from "../runners/registry.js";
import { runProgram } from "./program.js";

/** The r4ec command line: the engine and the science put together. */
void runProgram(process.argv.slice(2), {
  science,
  scienceModule: new URL("../runners/registry.js", import.meta.url).href,
});
