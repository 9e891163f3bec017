import path from "node:path";
import type { Exhibit, FindExhibits, ExhibitSource } from "../../../src/contract/exhibits.js";
import type { Fingerprint } from "../../../src/base/fingerprint.js";
import type { SweepPlan } from "../../../src/contract/engine.js";
import type { DatasetItem, DatasetUser } from "../../base/artifacts/dataset.js";
import type { Side } from "../../base/artifacts/knowledge.js";
import type { TextStep } from "../../base/artifacts/texts.js";
import { ownLines } from "../../base/files/jsonl.js";
import { lineOf, type LoggedLine, textStages } from "./texts.js";

/** Users, and items, whose texts are shown. */
const SHOWN = 2;
/** Characters of a text that are shown. */
const LONGEST = 3000;
/** Lines of a file among which somebody is looked for of whom many stages have a text. */
const LOOKED_AT = 2000;

/** One stage's texts about one side, as far as they are needed here. */
interface SideTexts {
  readonly stage: Fingerprint;
  readonly label: string;
  readonly side: Side;
  readonly dataset: string;
  readonly file: string;
  readonly count: number;
  /** Steps of the texts of the first lines, by the number of their subject. */
  readonly steps: ReadonlyMap<number, number>;
}

/** How many users and items have texts, and the texts of a few of them from every stage side by side. */
export const exhibitsOf: FindExhibits = async (plan, artifacts) => {
  const found: SideTexts[] = [];
  for (const side of ["users", "items"] as const) {
    for (const stage of textStages(plan, side).keys()) {
      const texts = await sideTexts(plan, artifacts, stage, side);
      if (texts !== null) found.push(texts);
    }
  }
  if (found.length === 0) return [];
  const samples: Exhibit[] = [];
  for (const side of ["users", "items"] as const) {
    const ofSide = found.filter((one) => one.side === side);
    for (const dataset of new Set(ofSide.map((one) => one.dataset))) {
      const sources = ofSide.filter((one) => one.dataset === dataset);
      const chosen = choose(sources);
      const names = await namesOf(dataset, side, new Set(chosen));
      for (const index of chosen) {
        samples.push({
          kind: "texts",
          title: `${side === "users" ? "User" : "Item"} ${names.get(index) ?? `number ${index}`}`,
          texts: await textsAbout(index, sources),
        });
      }
    }
  }
  return [await coverageOf(found), ...samples];
};

async function sideTexts(
  plan: SweepPlan,
  artifacts: ExhibitSource,
  stage: Fingerprint,
  side: Side,
): Promise<SideTexts | null> {
  const seen = await artifacts.inspect(stage);
  if (seen.state !== "made") return null;
  const { artifact } = seen;
  // A data set that is gone or damaged leaves nobody to name.
  const dataset = await artifacts.inputOf(artifact, "dataset").catch(() => null);
  if (dataset === null) return null;
  const file = path.join(artifact.folder, `${side}.jsonl`);
  const steps = new Map<number, number>();
  let count = 0;
  try {
    for await (const { index, text, history } of ownLines<LoggedLine>(file)) {
      if (text.trim() === "") continue;
      count += 1;
      if (steps.size < LOOKED_AT) steps.set(index, history?.length ?? 0);
    }
  } catch {
    // A stage may write texts about one side alone.
    return null;
  }
  return {
    ...{ stage, side, dataset, file, count, steps },
    label: plan.stages.get(stage)!.record.label,
  };
}

/** Those of whom most stages have a text, and of them those with the longest history. */
function choose(sources: readonly SideTexts[]): readonly number[] {
  const score = new Map<number, number>();
  for (const { steps } of sources) {
    for (const [index, count] of steps) score.set(index, (score.get(index) ?? 0) + 1000 + count);
  }
  const best = [...score].sort(([a, x], [b, y]) => y - x || a - b);
  return best.slice(0, SHOWN).map(([index]) => index);
}

/** The data set's own ids of some users or items, with the titles of items. */
async function namesOf(
  dataset: string,
  side: Side,
  wanted: ReadonlySet<number>,
): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  const file = path.join(dataset, `${side}.jsonl`);
  for await (const row of ownLines<DatasetUser & Partial<DatasetItem>>(file)) {
    if (!wanted.has(row.index)) continue;
    names.set(row.index, row.title == null ? row.id : `${row.id}: ${row.title}`);
    if (names.size === wanted.size) break;
  }
  return names;
}

/** What each stage wrote about one user or item; what stages share stands there once. */
async function textsAbout(
  index: number,
  sources: readonly SideTexts[],
): Promise<{ readonly title: string; readonly text: string }[]> {
  const shown = new Map<string, { title: string; text: string }>();
  for (const { file, label } of sources) {
    const line = await lineOf(file, index);
    if (line === null) continue;
    const history = line.history ?? [];
    const steps =
      history.length === 0
        ? [{ title: label, text: line.text }]
        : history.map((step) => told(step));
    for (const { title, text } of steps) {
      // The first steps of a longer history are those of a shorter one.
      shown.set(JSON.stringify([title, text]), { title, text: shortened(text) });
    }
  }
  return [...shown.values()];
}

const told = (step: TextStep): { title: string; text: string } => {
  switch (step.step) {
    case "think":
      return { title: "thought", text: step.text };
    case "reflect": {
      const reason = step.reason === undefined ? "" : ` (${step.reason})`;
      return { title: `judged ${step.iteration}: ${step.verdict}${reason}`, text: step.reflection };
    }
    case "refine":
      return { title: `refined ${step.iteration}`, text: step.text };
  }
};

const shortened = (text: string): string => {
  const letters = [...text];
  return letters.length <= LONGEST
    ? text
    : `${letters.slice(0, LONGEST).join("")}… (${letters.length} characters in all)`;
};

async function coverageOf(found: readonly SideTexts[]): Promise<Exhibit> {
  const sizes = new Map<string, number>();
  for (const { dataset, side } of found) {
    const file = path.join(dataset, `${side}.jsonl`);
    if (sizes.has(file)) continue;
    const lines = ownLines(file);
    let count = 0;
    while ((await lines.next()).done !== true) count += 1;
    sizes.set(file, count);
  }
  const rows = found.map(({ label, stage, side, dataset, count }) => {
    const all = sizes.get(path.join(dataset, `${side}.jsonl`))!;
    const share = all === 0 ? "-" : `${((100 * count) / all).toFixed(1)} %`;
    return [`${label} ${stage.slice(0, 10)}`, side, String(all), String(count), share];
  });
  const head = ["texts of", "about", "all", "with a text", "share"];
  return { kind: "table", title: "Coverage of texts", head, rows };
}
