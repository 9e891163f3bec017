// Reads what vitest wrote as JSON.
//
//   node .ci/results.mjs failed FILE            the test files that failed, a line each
//   node .ci/results.mjs slowest FILE           the ten test files that took longest, with their seconds
//   node .ci/results.mjs count FILE [AGAIN]     "PASSED FAILED"; AGAIN: the same of the files that were run again
//
// A file that cannot be loaded has no tests that could fail: it counts as one. A skipped test counts as failed.
import { readFileSync } from "node:fs";
import path from "node:path";

const [verb, first, again] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const isBroken = ({ status, assertionResults }) =>
  status === "failed" && assertionResults.every((one) => one.status !== "failed");

/** Passed and failed tests of one file. */
function tally(file) {
  const passed = file.assertionResults.filter(({ status }) => status === "passed").length;
  return [passed, file.assertionResults.length - passed + (isBroken(file) ? 1 : 0)];
}

const results = read(first).testResults;
const relative = (name) => path.relative(process.cwd(), name);
if (verb === "failed") {
  for (const file of results) if (tally(file)[1] > 0) console.log(relative(file.name));
} else if (verb === "slowest") {
  const timed = results.map(({ name, startTime, endTime }) => [name, (endTime - startTime) / 1000]);
  for (const [name, seconds] of timed.sort(([, a], [, b]) => b - a).slice(0, 10)) {
    console.log(`${seconds.toFixed(0).padStart(5)} s  ${relative(name)}`);
  }
} else {
  const second = new Map(
    (again === undefined ? [] : read(again).testResults).map((file) => [file.name, file]),
  );
  let [passed, failed] = [0, 0];
  for (const file of results) {
    const [good, bad] = tally(second.get(file.name) ?? file);
    passed += good;
    failed += bad;
    for (const { fullName, status } of second.has(file.name) ? file.assertionResults : []) {
      if (status !== "passed") {
        console.error(
          `failed when all tests ran, run again alone: ${relative(file.name)}: ${fullName}`,
        );
      }
    }
  }
  console.log(passed, failed);
}
