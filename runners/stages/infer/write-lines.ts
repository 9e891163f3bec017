import type { Side } from "../../base/artifacts/knowledge.js";
import { SIDES } from "../../base/artifacts/knowledge.js";
import { writeTexts } from "../../base/artifacts/write-texts.js";
import type { KnowledgeLine } from "../../base/artifacts/texts.js";
import type { InferTask } from "./engines/engine.js";

/** Writes the lines of each side into the stage's artifact, in their order. */
export async function writeLines(
  { out }: Pick<InferTask, "out">,
  lines: readonly { readonly side: Side; readonly line: KnowledgeLine }[],
): Promise<void> {
  for (const side of SIDES) {
    const own = lines.filter((each) => each.side === side);
    await writeTexts(
      out,
      side,
      own.map(({ line }) => line),
    );
  }
}
