import { runProgram } from "../../src/program.js";
import { science } from "./toy.js";

/** The r4ec command line over the toy. */
void runProgram(process.argv.slice(2), {
  science,
  scienceModule: new URL("./toy.js", import.meta.url).href,
});
