// The last result of `npm run test:faults`, as a part of docs/faults.md.

import { readFileSync, writeFileSync } from "node:fs";

const PAGE = new URL("../../../docs/faults.md", import.meta.url);
const [BEGIN, END] = ["<!-- result: written by npm run test:faults -->", "<!-- end of result -->"];

export function write({ stages, operations, cases, possible, late, failures }, { sample, seed }) {
  const page = readFileSync(PAGE, "utf8");
  const all = late ? "cases in their order, as many as there was time for" : "every case";
  // One case may be drawn twice.
  const kind =
    sample === undefined
      ? `${all}: ${cases} of ${possible}`
      : `${cases} tries, drawn with seed ${seed} from ${possible} cases`;
  const lines = [
    `- Date: ${new Date().toISOString().slice(0, 10)}; Node ${process.versions.node}; ${kind}.`,
    `- Stages: ${stages.join(", ")}.`,
    `- Operations: ${operations.controller} of the controller, ${operations.worker} of the workers.`,
    `- Cases in which something was not as promised: ${failures.length}.`,
    ...failures.map(
      ({ suite, role, fault, nth, wrong }) =>
        `  - ${suite}: ${role}, ${fault} at ${nth}: ${wrong.join("; ")}`,
    ),
  ];
  const [head, tail] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  writeFileSync(PAGE, `${page.slice(0, head)}\n\n${lines.join("\n")}\n\n${page.slice(tail)}`);
}
