import type { SweepState } from "../journal/index.js";
import type { StageToolchain } from "../contract/engine.js";
import { html, type Html, tableOf } from "./html.js";

/** Where the results come from: spec, code, machine; and what stages said of their results. */
export function originSection(state: SweepState, toolchain: StageToolchain): Html {
  const remarks = remarksOf(state);
  const ranIn = surroundingsOf(state);
  return html`${
      remarks.length === 0
        ? null
        : html`<h2>Remarks of stages</h2>
            ${tableOf("What stages say of their results", ["stage", "remark"], remarks)}`
    }
    <h2>Where it comes from</h2>
    ${tableOf(
      "Origin",
      ["what", "value"],
      [
        ["sweep", state.sweep],
        ["spec", state.specFile],
        ["r4ec", state.codeVersion],
        ["commit of the spec's project", state.gitCommit ?? "-"],
        ["host", state.host],
        ["runs", String(state.runs)],
        ["begun", new Date(state.firstStartedAt).toISOString()],
        ["ended", state.endedAt === null ? "-" : new Date(state.endedAt).toISOString()],
        ["toolchain", toolchain.parts.length === 0 ? "-" : toolchain.parts.join(", ")],
      ],
    )}
    ${ranIn.length === 0 ? null : tableOf("What stages ran in", ["what", "value", "stages"], ranIn)}
    ${toolchain.environments.map(
      ({ name, lists }) =>
        html`<details>
          <summary>The environment ${name}</summary>
          ${Object.entries(lists).map(
            ([file, text]) =>
              html`<h3>${file}</h3>
                <pre tabindex="0">${text}</pre>`,
          )}
        </details>`,
    )}
    <details>
      <summary>The spec</summary>
      <pre tabindex="0">${state.specText}</pre>
    </details>`;
}

/** What stages ran in, a fact and its value a line, with how many of them; old journals lack it. */
function surroundingsOf(state: SweepState): [string, string, string][] {
  const counts = new Map<string, Map<string, number>>();
  for (const { result } of state.stages.values()) {
    for (const [fact, value] of Object.entries(result?.surroundings ?? {})) {
      const values = counts.get(fact) ?? new Map<string, number>();
      counts.set(fact, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  return [...counts].flatMap(([fact, values]) =>
    [...values].map(([value, count]): [string, string, string] => [fact, value, String(count)]),
  );
}

/** The distinct marks of results, with the label of a stage that has each. */
function remarksOf(state: SweepState): [string, string][] {
  const seen = new Map<string, string>();
  for (const { record, result } of state.stages.values()) {
    for (const [name, text] of Object.entries(result?.marks ?? {})) {
      const remark = `${name}: ${text}`;
      if (!seen.has(remark)) seen.set(remark, record.label);
    }
  }
  return [...seen].map(([remark, label]) => [label, remark]);
}
