// What must hold after a fault and a run without it.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

export const linesOf = (file) =>
  existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];

/** What is measured of time and speed, by r4ec and by LLaMA-Factory: another number each time. */
const TIME = /_time$|_runtime$|_per_second$/;

const withoutTimes = (values) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !TIME.test(name)));

/** What a teacher counts with the answers that it keeps. All else that is paid may lack the last second before a fault. */
const EXACT_PAYMENTS = /^cost\.(?:requests|prompt_tokens|completion_tokens|usd)$/;

/** The metrics of an artifact that no fault may change. */
const soundMetrics = ({ runner, metrics }) =>
  Object.fromEntries(
    Object.entries(withoutTimes(metrics)).filter(
      ([name]) =>
        !name.startsWith("cost.") || (runner.startsWith("teach") && EXACT_PAYMENTS.test(name)),
    ),
  );

/** Files that are compared by what they say: they hold what is measured, or what follows no order. */
const READ = {
  "metrics.json": (text) => withoutTimes(JSON.parse(text)),
  // PEFT writes the names of a set.
  "adapter_config.json": (text) => {
    const { target_modules, ...others } = JSON.parse(text);
    return { ...others, target_modules: [...target_modules].sort() };
  },
  "all_results.json": (text) => withoutTimes(JSON.parse(text)),
  "trainer_log.jsonl": (text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => withoutTimes(JSON.parse(line))),
};

/**
 * The artifacts of a store: for each, by its label, its fingerprint, metrics and files with their checksums.
 * Only whole ones: a folder in `artifacts` without a manifest would be one that was renamed too early.
 */
export function summaryOf(store) {
  const stages = {};
  const parent = path.join(store, "artifacts");
  for (const group of existsSync(parent) ? readdirSync(parent) : []) {
    for (const name of readdirSync(path.join(parent, group))) {
      const manifest = JSON.parse(
        readFileSync(path.join(parent, group, name, "manifest.json"), "utf8"),
      );
      const { fingerprint, marks } = manifest;
      const files = manifest.files.map((file) => {
        const reads = READ[file.path];
        if (reads === undefined) return file;
        const text = readFileSync(path.join(parent, group, name, file.path), "utf8");
        return { path: file.path, content: reads(text) };
      });
      const metrics = soundMetrics(manifest);
      stages[manifest.label] = { fingerprint, metrics, marks, files };
    }
  }
  return { stages };
}

/** Files that a finished sweep leaves in a store, others are left over. */
const BELONG = [
  /^artifacts\/[0-9a-f]{2}\/[0-9a-f]{64}\/(?:[^.][^/]*|\.seal)(?:\/.*)?$/,
  /^sweeps\/[0-9a-f]{16}\/(?:journal\.ndjson|seen|spec\.yaml|spec-place|name|plans\/[0-9a-f]{16}\.json)$/,
  /^sweeps\/[0-9a-f]{16}\/logs\/worker-\d+-\d+\.log$/,
  /^(?:statistics|cache|downloads|files)(?:\/.*|\.[^/]*)?$/,
];

export function leftovers(store) {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .map((entry) => path.relative(store, path.join(entry.parentPath, entry.name)))
    .filter((name, _, all) => !all.some((other) => other.startsWith(`${name}/`)))
    .filter((name) => !["artifacts", "locks", "staging", "work", "sweeps"].includes(name))
    .filter((name) => !/^sweeps\/[0-9a-f]{16}\/(?:plans|logs)$/.test(name))
    .filter((name) => !BELONG.some((form) => form.test(name)));
}

/** Ends of a run that a failing disk may have: it failed, or it did no harm. */
const ENDS = [0, 3];

/** What was not as it must be, in words. */
export function complaints({ fault, first, second, committed, root, expected, startedAgain }) {
  const wrong = [];
  const told = first.stderr + first.stdout;
  if (fault === "kill") {
    if (first.code !== "killed") wrong.push(`a kill ended with ${first.code}`);
  } else {
    if (!ENDS.includes(first.code)) wrong.push(`the disk's failure ended with ${first.code}`);
    const messages = told.split("\n").filter((line) => /^(?:error:|✗)/.test(line));
    // One of the sweep's own, or one a stage that fails.
    const about = messages.map((line) => line.split(":")[0]);
    if (first.code === 3 && (messages.length === 0 || new Set(about).size < about.length))
      wrong.push(`${messages.length} messages: ${messages.join("; ")}`);
    if (first.code === 3 && !messages.join("\n").includes(fault))
      wrong.push("the message does not say the cause");
    if (/^ +at .*:\d+:\d+\)?$/m.test(told)) wrong.push("a stack was shown");
  }
  if (second.code !== 0) wrong.push(`the run after it ended with ${second.code}`);
  const unlike = differences(expected.stages, summaryOf(root).stages);
  if (unlike.length > 0) wrong.push(`other artifacts: ${unlike.join(", ")}`);
  for (const label of Object.keys(committed)) {
    if (startedAgain(label)) wrong.push(`${label} was made twice`);
  }
  for (const name of leftovers(root)) wrong.push(`left over: ${name}`);
  const journal = linesOf(
    path.join(root, "sweeps", readdirSync(path.join(root, "sweeps"))[0], "journal.ndjson"),
  );
  if (!/"sweep-finished","outcome":"done"/.test(journal.at(-1) ?? ""))
    wrong.push("the journal's end is not done");
  return wrong;
}

/** Where two values differ, by the path to each place. */
function differences(one, other, place = "") {
  if (one === other) return [];
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return [`${place}: ${JSON.stringify(other)} in place of ${JSON.stringify(one)}`];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.flatMap((name) => differences(one[name], other[name], `${place}/${name}`));
}
