import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan, PlannedStage } from "../plan/index.js";

/** Where a stage stands while a sweep runs. `idle`: nobody needs it. */
export type NodeStatus = "idle" | "waiting" | "ready" | "running" | "done" | "failed" | "skipped";

interface Node {
  readonly stage: PlannedStage;
  status: NodeStatus;
  /** Inputs that are not done. */
  missing: number;
  readonly dependants: Fingerprint[];
}

/** Which stages wait for which. Knows nothing of how they run. */
export class Graph {
  readonly #nodes = new Map<Fingerprint, Node>();

  /** `done`: stages whose artifacts are there; `needed`: those to run beside them. */
  constructor(
    stages: Plan["stages"],
    needed: ReadonlySet<Fingerprint>,
    done: ReadonlySet<Fingerprint>,
  ) {
    for (const [fingerprint, stage] of stages) {
      const status = done.has(fingerprint) ? "done" : needed.has(fingerprint) ? "waiting" : "idle";
      const missing = stage.needs.filter((need) => !done.has(need)).length;
      this.#nodes.set(fingerprint, { stage, status, missing, dependants: [] });
      for (const need of stage.needs) this.#nodes.get(need)!.dependants.push(fingerprint);
    }
  }

  #node(fingerprint: Fingerprint): Node {
    const node = this.#nodes.get(fingerprint);
    if (node === undefined) throw new Error(`the plan has no stage ${fingerprint}`);
    return node;
  }

  status(fingerprint: Fingerprint): NodeStatus {
    return this.#node(fingerprint).status;
  }

  stage(fingerprint: Fingerprint): PlannedStage {
    return this.#node(fingerprint).stage;
  }

  /** Takes every waiting stage that has all its inputs, marking it ready. */
  takeReady(among: Iterable<Fingerprint> = this.#nodes.keys()): PlannedStage[] {
    const ready: PlannedStage[] = [];
    for (const fingerprint of among) {
      const node = this.#node(fingerprint);
      if (node.status !== "waiting" || node.missing > 0) continue;
      node.status = "ready";
      ready.push(node.stage);
    }
    return ready;
  }

  /** A ready stage begins, or goes back to wait. */
  mark(fingerprint: Fingerprint, status: "running" | "waiting" | "ready"): void {
    this.#node(fingerprint).status = status;
  }

  /** The stage's artifact is there: gives the stages that became ready by it. */
  complete(fingerprint: Fingerprint): PlannedStage[] {
    const node = this.#node(fingerprint);
    if (node.status === "done") return [];
    node.status = "done";
    for (const dependant of node.dependants) this.#node(dependant).missing -= 1;
    return this.takeReady(node.dependants);
  }

  /** The stage failed: gives all that cannot run any more for it. */
  fail(fingerprint: Fingerprint): Fingerprint[] {
    this.#node(fingerprint).status = "failed";
    const skipped: Fingerprint[] = [];
    const open = [fingerprint];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const dependant of this.#node(next).dependants) {
        const node = this.#node(dependant);
        if (node.status !== "waiting" && node.status !== "ready") continue;
        node.status = "skipped";
        skipped.push(dependant);
        open.push(dependant);
      }
    }
    return skipped;
  }

  /**
   * An artifact that was there is gone or damaged: its stage must run (again), and so must what it
   * needs where `there` says that is not there either. Gives the stages that can start.
   */
  async reopen(
    fingerprint: Fingerprint,
    there: (fingerprint: Fingerprint) => Promise<boolean>,
  ): Promise<PlannedStage[]> {
    const node = this.#node(fingerprint);
    if (node.status === "done") {
      for (const dependant of node.dependants) this.#node(dependant).missing += 1;
    } else if (node.status !== "idle") {
      return [];
    }
    node.status = "waiting";
    const ready: PlannedStage[] = [];
    for (const need of node.stage.needs) {
      if (this.status(need) !== "idle") continue;
      if (await there(need)) ready.push(...this.complete(need));
      else ready.push(...(await this.reopen(need, there)));
    }
    return [...ready, ...this.takeReady([fingerprint])];
  }
}
