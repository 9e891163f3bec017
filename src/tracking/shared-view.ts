import type { SweepId } from "../base/fingerprint.js";
import { axesOf, namePaths } from "../cells/index.js";
import type { Science } from "../contract/science.js";
import type { SweepState } from "../journal/index.js";
import { directionOf } from "../report/index.js";
import { PACE_METRIC, USAGE_METRICS } from "../contract/usage.js";
import { filterOf } from "./find-run.js";
import { TAG } from "./update.js";
import { cleanKey, LIMITS } from "./values.js";

/** What a view of a sweep's cells needs to know of the science. */
export type ViewedScience = Pick<Science, "headline" | "curves">;

/** Most columns and charts of one kind: with more, nobody finds one. */
const MOST = 12;

/** What all views have: every run is there, whenever it began. */
const TABLE = {
  ...{ startTime: "ALL", lifecycleFilter: "Active", modelVersionFilter: "All Runs" },
  ...{ datasetsFilter: [], runsHiddenMode: "SHOW_ALL" },
};

/** The name under which the experiment keeps the view of a sweep's cells. */
export const viewName = (sweep: SweepId): string => `r4ec-${sweep}`;

/** The name of the view of the stages of a sweep that paid. */
export const paidViewName = (sweep: SweepId): string => `${viewName(sweep)}-paid`;

/** The experiment's tag that holds a view. */
export const viewTag = (view: string): string => `mlflow.sharedViewState.${view}`;

/**
 * A view of the stages of a sweep that paid for answers, the dearest first: requests, tokens, tokens a second and
 * money as columns. In the form of {@link sharedView}.
 */
export function paidView(sweep: SweepId): string {
  const of = new Map([
    [TAG.kind, "stage"],
    [TAG.sweep, sweep],
  ]);
  const paid = Object.values(USAGE_METRICS);
  return JSON.stringify({
    ...TABLE,
    searchFilter: `${filterOf(of)} and metrics.\`${USAGE_METRICS.promptTokens}\` > 0`,
    orderByKey: `metrics.\`${USAGE_METRICS.usd}\``,
    orderByAsc: false,
    selectedColumns: [
      ...[...paid, PACE_METRIC].map((metric) => `metrics.\`${metric}\``),
      "attributes.`Duration`",
    ],
    compareRunCharts: paid.map((metric) => ({ ...chart("BAR", metric), metricSectionId: "paid" })),
    compareRunSections: [section("paid", "Paid")],
  });
}

/**
 * A view of MLflow's table of runs, as its pages read one out of a tag of the experiment: the cells of
 * one sweep, the best first, with a column for each setting that varies and for each metric that is
 * compared, and charts of these metrics and of the curves of training. Null where no metric is known
 * by which cells could be sorted: else MLflow hides them below the sweep's run.
 *
 * @param metrics those that are compared, the first one sorts
 */
export function sharedView(
  state: SweepState,
  metrics: readonly string[],
  { curves }: ViewedScience,
): string | null {
  const [first] = metrics;
  if (first === undefined) return null;
  const settings = namePaths(state.cells, axesOf(state.resolved)).map(({ path }) => path);
  const shown = metrics.slice(0, MOST).map(cleanKey);
  const view = {
    searchFilter: filterOf(
      new Map([
        [TAG.kind, "cell"],
        [TAG.sweep, state.sweep],
      ]),
    ),
    orderByKey: `metrics.\`${cleanKey(first)}\``,
    orderByAsc: directionOf(first) === "min",
    ...TABLE,
    selectedColumns: [
      ...settings.slice(0, MOST).map((path) => `params.\`${cleanKey(path)}\``),
      ...shown.map((metric) => `metrics.\`${metric}\``),
      "attributes.`Duration`",
    ],
    compareRunCharts: [
      ...shown.map((metric) => ({ ...chart("BAR", metric), metricSectionId: "results" })),
      ...curves
        .slice(0, MOST)
        .map(cleanKey)
        .map((metric) => ({
          ...{ ...chart("LINE", metric), metricSectionId: "training" },
          ...{ selectedMetricKeys: [metric], xAxisKey: "step", selectedXAxisMetricKey: "" },
          ...{ scaleType: "linear", xAxisScaleType: "linear", lineSmoothness: 0, range: {} },
        })),
    ],
    compareRunSections: [
      section("results", "Results"),
      ...(curves.length === 0 ? [] : [section("training", "Training")]),
    ],
  };
  const texts = [view, { ...view, compareRunCharts: [] }].map((one) => JSON.stringify(one));
  return texts.find((text) => text.length <= LIMITS.tag) ?? null;
}

const chart = (type: string, metricKey: string): object => ({
  ...{ type, metricKey, uuid: `${type} ${metricKey}`, runsCountToCompare: 20 },
  ...{ deleted: false, isGenerated: false },
});

const section = (uuid: string, name: string): object => ({
  ...{ uuid, name, display: true, isReordered: false, deleted: false, isGenerated: false },
});
