import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { StageTask } from "../../../src/contract/runner.js";
import { writeSampleSets, type Sample, type SampleClass } from "../../base/artifacts/samples.js";
import { writeJsonl } from "../../base/files/write-jsonl.js";
import type { Case } from "./case.js";
import type { Lesson } from "./lesson.js";

/**
 * Writes the artifact of a teach stage and publishes it: what became of each case
 * (`answers.jsonl`), the sample sets, and all metrics (`statistics.json`).
 */
export async function publishLesson(
  task: Pick<StageTask, "out" | "publish">,
  lesson: Lesson,
  cases: readonly Case[],
  sets: { readonly [name in SampleClass]?: readonly Sample[] },
  counts: { readonly [name: string]: number },
): Promise<void> {
  await writeJsonl(path.join(task.out, "answers.jsonl"), cases);
  await writeSampleSets(task.out, sets);
  const sizes = Object.entries(sets).map(([name, { length }]) => [`samples.${name}`, length]);
  const metrics: { readonly [name: string]: number } = {
    ...lesson.metrics(),
    ...counts,
    ...(Object.fromEntries(sizes) as { [name: string]: number }),
  };
  await writeFile(path.join(task.out, "statistics.json"), `${JSON.stringify(metrics, null, 2)}\n`);
  await task.publish({ metrics, marks: lesson.marks() });
}
