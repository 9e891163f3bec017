import type { Fingerprint } from "../base/fingerprint.js";
import { namesOf, planOfSweep } from "../cells/index.js";
import type { Exhibit } from "../contract/exhibits.js";
import type { Science } from "../contract/science.js";
import type { SweepState } from "../journal/index.js";
import type { StageToolchain } from "../contract/engine.js";
import { toolchainOf } from "../plan/index.js";
import type { Comparison, Response } from "../report/index.js";
import { outcomesOf, responsesOf } from "../report/index.js";
import type { CurveStep, Store } from "../store/index.js";
import { artifactsIn, readCurves } from "../store/index.js";

/** What a report is of. */
export interface ReportSubject {
  readonly comparison: Comparison;
  readonly state: SweepState;
  readonly science: Science;
  readonly store: Store;
}

/** What a page is made of. */
export interface PageContent {
  readonly comparison: Comparison;
  readonly state: SweepState;
  /** Metrics whose curves over the steps of training are drawn. */
  readonly curves: readonly string[];
  /** The curves of a cell's last stage. */
  readonly stepsOf: (stage: Fingerprint) => readonly CurveStep[];
  readonly responses: readonly Response[];
  readonly exhibits: readonly Exhibit[];
  readonly toolchain: StageToolchain;
}

/** Gathers what a report needs beside the comparison, from the journal and the store. */
export async function contentOf(subject: ReportSubject): Promise<PageContent> {
  const { comparison, state, science, store } = subject;
  const steps = await curvesOfCells(comparison, state, store);
  const plan = planOfSweep(state, namesOf(state));
  const records = [...state.stages.values()].map(({ record }) => record);
  return {
    ...{ comparison, state, curves: science.curves },
    stepsOf: (stage) => steps.get(stage) ?? [],
    responses: responsesOf(comparison, outcomesOf(state), science),
    exhibits: (await science.exhibits?.(plan, artifactsIn(store))) ?? [],
    toolchain: await toolchainOf(records, science),
  };
}

/** Curves of the cells that the comparison shows: the journal's, else those that the artifact keeps. */
async function curvesOfCells(
  comparison: Comparison,
  state: SweepState,
  store: Store,
): Promise<ReadonlyMap<Fingerprint, readonly CurveStep[]>> {
  const shown = new Set(
    (comparison.metrics[0]?.rows ?? []).flatMap(({ variants }) =>
      variants.flatMap(({ values }) => values.map(({ cell }) => cell)),
    ),
  );
  const found = new Map<Fingerprint, readonly CurveStep[]>();
  for (const { id, stage } of state.cells) {
    if (!shown.has(id) || found.has(stage)) continue;
    const told = state.stages.get(stage)?.metrics ?? [];
    const kept = told.length > 0 ? told : await readCurves(store.artifactFolder(stage));
    found.set(stage, kept);
  }
  return found;
}
