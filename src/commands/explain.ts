import type { CommandModule } from "yargs";
import { ExitCode, UserError } from "../base/exit.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Names } from "../contract/records.js";
import { namesOf } from "../cells/index.js";
import type { Difference, Explanation, Plan, StagePresence } from "../plan/index.js";
import type { Science } from "../contract/science.js";
import { jsonOutput, onlyCells, specCells, specFile } from "../contract/options.js";
import type { Manifest } from "../store/index.js";
import { Store } from "../store/index.js";
import type { GlobalArguments, OverrideArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { cellsNow, subjectOf } from "./explain-subject.js";
import { cellsOfSpec } from "./spec-cells.js";
import { short } from "./plan.js";
import { countedOnce, surroundingsNow, surroundingsText } from "./surroundings.js";
import type { Colours } from "../base/terminal.js";
import { colours, printJson, printLine } from "../base/terminal.js";

/** Each is compared with every artifact of its runner. */
const MOST_STAGES = 500;

interface ExplainArguments extends GlobalArguments, OverrideArguments {
  readonly file: string;
  readonly only?: readonly string[] | undefined;
  readonly stage?: string | undefined;
  readonly json: boolean;
}

/** `explain FILE | CELL | STAGE`: why each stage is cached or would run. */
export const explainCommand = (science: Science): CommandModule<object, ExplainArguments> => ({
  command: "explain <file> [overrides..]",
  describe: "say why a stage would run: what differs from the most similar stage that ran earlier",
  builder: (yargs) =>
    yargs
      .positional("file", {
        ...specFile,
        describe:
          "the spec; or a cell that was run: settings (rate=1 seed=2), its name, or its id; or a stage's fingerprint",
      })
      .positional("overrides", specCells)
      .option("only", onlyCells)
      .option("stage", { type: "string", describe: "one stage: the beginning of its fingerprint" })
      .option("json", jsonOutput),
  handler: async (args) => {
    const { store: place } = await configOf(args, args.file);
    const subject = await subjectOf(place.value, args.file, args.overrides ?? [], science);
    const { file, cells, overrides } = subject;
    const given = cells === null ? { words: overrides } : { overrides };
    const { experiment, chosen } = await cellsOfSpec(file, given, science, args.only);
    // The store that knows the cell, wherever its spec lies.
    const own = await configOf(args, experiment);
    const storePlace = subject.cells === null ? own.store.value : place.value;
    const planning = await import("../plan/index.js");
    const files = new planning.FileHashes(storePlace);
    const whole = await planning.makePlan(experiment, science, files);
    const names = namesOf({ ...whole, resolved: experiment.resolved });
    const asked = planning.narrowPlan(whole, cellsNow(subject, whole.cells, names));
    const plan = planning.narrowPlan(asked, chosen(asked.cells));
    const store = new Store(storePlace);
    const presence = await planning.lookAtStages(plan, store);
    const wanted = wantedStages(plan, presence, args.stage).filter(
      (one) => subject.runner === null || plan.stages.get(one)!.record.runner === subject.runner,
    );
    const missing = wanted.filter((one) => presence.get(one)!.wouldRun);
    if (missing.length > MOST_STAGES && args.stage === undefined) {
      const message = `${missing.length} stages would run, but at most ${MOST_STAGES} can be explained at once`;
      throw new UserError(message, {
        exitCode: ExitCode.usage,
        hint: "choose fewer stages with --only or --stage",
      });
    }
    const now = await surroundingsNow(
      wanted.map((one) => plan.stages.get(one)!.record),
      science,
      own,
    );
    const explained = planning.explainStages(plan, missing, await manifestsOf(store), now);
    const since = (stage: Fingerprint): readonly Difference[] =>
      planning.surroundingsChanged(presence.get(stage)!.manifest?.surroundings, now.get(stage));
    const seen: Seen = { plan, presence, names, since };
    if (args.json) {
      await printJson({ stages: asJson(seen, wanted, explained) });
    } else {
      await printLine(asText(seen, wanted, explained, colours(process.stdout)));
    }
  },
});

/** The plan, what of it is in the store, and what its stages are called. */
interface Seen {
  readonly plan: Plan;
  readonly presence: ReadonlyMap<Fingerprint, StagePresence>;
  readonly names: Names;
  /** What a cached stage ran in that is otherwise now. */
  readonly since: (stage: Fingerprint) => readonly Difference[];
}

function wantedStages(
  plan: Plan,
  presence: ReadonlyMap<Fingerprint, StagePresence>,
  stage: string | undefined,
): Fingerprint[] {
  const all = [...plan.stages.keys()];
  if (stage === undefined) {
    return all.filter((one) => presence.get(one)!.wouldRun || presence.get(one)!.manifest !== null);
  }
  const found = all.filter((one) => one.startsWith(stage));
  if (found.length === 0)
    throw new UserError(`the plan has no stage whose fingerprint begins with ${stage}`);
  return found;
}

async function manifestsOf(store: Store): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for await (const fingerprint of store.fingerprints()) {
    const manifest = await store.manifest(fingerprint);
    if (manifest !== null) manifests.push(manifest);
  }
  return manifests;
}

function asJson(
  { plan, presence, names, since }: Seen,
  wanted: readonly Fingerprint[],
  explained: readonly Explanation[],
): object[] {
  const byStage = new Map(explained.map((one) => [one.fingerprint, one]));
  return wanted.map((fingerprint) => {
    const { manifest, damage, wouldRun } = presence.get(fingerprint)!;
    const why = byStage.get(fingerprint);
    return {
      fingerprint,
      label: plan.stages.get(fingerprint)!.record.label,
      name: names.stage(fingerprint),
      cached: manifest !== null,
      would_run: wouldRun,
      made: manifest?.created ?? null,
      damage,
      nearest: why?.nearest?.fingerprint ?? null,
      ran_in: manifest?.surroundings ?? null,
      differences: why?.differences ?? since(fingerprint),
    };
  });
}

function asText(
  seen: Seen,
  wanted: readonly Fingerprint[],
  explained: readonly Explanation[],
  paint: Colours,
): string {
  const byStage = new Map(explained.map((one) => [one.fingerprint, one]));
  const lines: string[] = [];
  for (const fingerprint of wanted) {
    const { manifest, damage, wouldRun } = seen.presence.get(fingerprint)!;
    const head = `${paint.dim(short(fingerprint))}  ${seen.names.stage(fingerprint)}`;
    if (manifest !== null) {
      lines.push(`${head}: ${paint.green("cached")}, made ${momentText(manifest.created)}`);
      continue;
    }
    if (!wouldRun) {
      lines.push(`${head}: ${paint.dim("not needed")}, because the stages that need it are cached`);
      continue;
    }
    if (damage !== null) {
      lines.push(`${head}: ${paint.cyan("would run")}, its artifact is damaged (${damage})`);
      continue;
    }
    const { nearest, differences } = byStage.get(fingerprint)!;
    if (nearest === null) {
      lines.push(
        `${head}: ${paint.cyan("would run")}, because no stage of this kind is in the store yet`,
      );
      continue;
    }
    const made = `${short(nearest.fingerprint)}, made ${momentText(nearest.created)}`;
    lines.push(
      `${head}: ${paint.cyan("would run")}; the most similar one is ${made}, and differs in`,
    );
    lines.push(...differences.map((one) => `    ${differenceText(one, seen)}`));
    if (nearest.surroundings === undefined) {
      lines.push(paint.dim("    what that one ran in was not kept: an older r4ec made it"));
    }
  }
  // Alike for most stages, so each is said once.
  for (const [text, count] of countedOnce(wanted.flatMap(seen.since).map(surroundingsText))) {
    lines.push(`since ${count} cached ${count === 1 ? "stage was" : "stages were"} made: ${text}`);
  }
  return lines.join("\n");
}

const momentText = (iso: string): string => iso.slice(0, 19).replace("T", " ");

function differenceText(difference: Difference, { plan, presence, names }: Seen): string {
  const { what, name, before, now } = difference;
  const value = (text: string | null): string =>
    text === null ? "none" : what === "input" || what === "file" ? short(text) : text;
  const change = `${value(before)} → ${value(now)}`;
  if (what === "version") return `the runner's version: ${change}`;
  if (what === "environment") {
    return `${surroundingsText(difference)} (does not decide what is cached)`;
  }
  if (what === "file") return `file ${name}: its content (sha256 ${change})`;
  if (what === "parameter") return `${name}: ${change}`;
  const input = now as Fingerprint;
  if (!plan.stages.has(input)) return `input ${name}: ${change}`;
  const state = presence.get(input)?.manifest == null ? ", itself new" : "";
  return `input ${name}: ${change} (${names.stage(input)}${state})`;
}
