import { engineNamed } from "../../base/stage/engine.js";
import { programOf } from "../../base/stage/program.js";
import { embedTexts } from "./embed-texts.js";
import type { EmbedParams } from "./engines/engine.js";
import { embedEngines } from "./engines/index.js";

/** Text to vectors. */
export const program = programOf<EmbedParams>((task) =>
  embedTexts(task, () => engineNamed(embedEngines, task.params.engine).load(task)),
);
