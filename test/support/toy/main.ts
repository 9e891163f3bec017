import { runProgram } from "../../../src/program.js";
import { science } from "./science.js";

/** The real command line over the toy science. */
await runProgram(process.argv.slice(2), {
  science,
  scienceModule: new URL("./science.js", import.meta.url).href,
});
