import type { Fingerprint } from "../../base/fingerprint.js";
import type { JournalWriter, StageJob } from "../../journal/index.js";
import { LineReader } from "./lines.js";
import type { JobLine } from "./orders.js";
import { openSubmissions, stagesOf, taskFiles } from "./orders.js";

/**
 * Tells the journal what jobs said of stages that they made while no controller was there. Stages that are
 * not made yet are left to the controller that follows their jobs.
 *
 * @param made whether a stage's artifact is in the store
 */
export async function catchUp(
  sweepFolder: string,
  journal: JournalWriter,
  made: (stage: Fingerprint) => boolean,
): Promise<void> {
  for (const { folder, order } of await openSubmissions(sweepFolder)) {
    for (const [number, task] of order.tasks.entries()) {
      const wanted = new Set<Fingerprint>();
      for (const stage of stagesOf({ tasks: [task] })) {
        const { fingerprint } = stage.order.record;
        const known = journal.state?.stages.get(fingerprint)?.status;
        if (known !== undefined && known !== "done" && known !== "cached" && made(fingerprint))
          wanted.add(fingerprint);
      }
      if (wanted.size === 0) continue;
      const lines = await new LineReader(taskFiles(folder, number)).next();
      const ended = new Set(
        lines.flatMap(({ line }) =>
          line.type === "end" && line.end.how === "published" ? [line.stage] : [],
        ),
      );
      let job: StageJob | null = null;
      const told = lines.map(({ line, known }) => {
        if (line.type === "began") job = { id: line.job, node: line.node };
        return "stage" in line && wanted.has(line.stage) && ended.has(line.stage)
          ? tell(journal, line, known, job)
          : null;
      });
      await Promise.all(told);
    }
  }
}

/** Writes a line as an event. What an earlier controller has told stays said. */
function tell(
  journal: JournalWriter,
  line: JobLine,
  known: boolean,
  job: StageJob | null,
): Promise<unknown> | null {
  if (line.type === "started") {
    const { stage, worker = 0, gpus, fusedWith } = line;
    const attempt = (journal.state?.stages.get(stage)?.attempts ?? 0) + 1;
    const call = { ...(job !== null && { job }), worker, gpus, fusedWith };
    return journal.append({ type: "stage-started", stage, attempt, ...call });
  }
  if (line.type === "end" && line.end.how === "published") {
    const { stage, end } = line;
    const { seconds, result } = end;
    return journal.append({ type: "stage-finished", stage, seconds, result });
  }
  if (line.type !== "event" || known) return null;
  const { stage, event } = line;
  switch (event.type) {
    case "metrics":
      return journal.append({ ...event, type: "stage-metrics", stage });
    case "note":
      return journal.append({ ...event, type: "stage-note", stage });
    case "facts":
      return journal.append({ ...event, type: "stage-facts", stage });
    case "progress":
    case "usage":
      return null;
  }
}
