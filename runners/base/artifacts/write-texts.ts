import path from "node:path";
import { writeJsonl } from "../files/write-jsonl.js";
import type { Side, TextLine } from "./knowledge.js";

/** Writes one side of a text artifact, by ascending index. */
export const writeTexts = (
  folder: string,
  side: Side,
  lines: readonly Pick<TextLine, "index" | "text">[],
): Promise<void> => writeJsonl(path.join(folder, `${side}.jsonl`), lines);
