import type { Example } from "../contract/engine.js";

/** Examples of the engine's own commands, for their help, by the commands' names. */
export const examples: { readonly [command: string]: readonly Example[] } = {
  quickstart: [
    ["quickstart", "run it, or continue it"],
    ["quickstart --dry-run", "show what would run"],
    ["quickstart 'sweep.grid.seed=[1]'", "with one seed"],
  ],
  init: [
    ["init my.yaml", "ask for what the spec is about, and write it"],
    ["init my.yaml --yes", "ask nothing"],
  ],
  validate: [
    ["validate my.yaml", "list every mistake"],
    ["validate my.yaml seed=3", "with another seed"],
  ],
  plan: [
    ["plan my.yaml", "list cells and stages, and what would run"],
    ["plan my.yaml --estimate", "estimate what it takes"],
    ["plan my.yaml --only seed=1", "of the cells with this seed"],
  ],
  sweep: [
    ["sweep my.yaml", "run it, or continue it"],
    ["sweep my.yaml 'sweep.grid.seed=[1,2]'", "with other seeds"],
    ["sweep my.yaml --failure stop", "stop after a cell has failed"],
  ],
  status: [
    ["status", "of the newest sweep"],
    ["status my.yaml", "of the sweep of a spec"],
    ["status --follow", "the newest sweep, live, until it is over"],
  ],
  stop: [["stop", "let the running stages save what they have, and stop"]],
  resume: [["resume", "continue the newest sweep that was stopped"]],
  compare: [
    ["compare", "the newest sweep"],
    ["compare my.yaml --markdown", "the sweep of a spec, as Markdown"],
  ],
  results: [["results my.yaml --csv", "every cell with its settings and metrics"]],
  report: [
    ["report my.yaml", "write one HTML file about the sweep of a spec"],
    ["report my.yaml --png figures", "write its figures as PNG too"],
  ],
  reproduce: [
    ["reproduce 3fa29c --out again", "a cell, by the beginning of its id"],
    ["reproduce 0f5c4bd0a9e14f6c8f1d2b3a4c5d6e7f", "what a run in MLflow stands for"],
  ],
  explain: [
    ["explain my.yaml", "why stages would run again"],
    ["explain my.yaml seed=1", "of the cells with this seed"],
  ],
  sync: [["sync", "send the newest sweep to MLflow again"]],
  mlflow: [
    ["mlflow start", "start the local server and say its address"],
    ["mlflow stop", "stop it"],
  ],
  gc: [["gc", "show what could go, and what is damaged"]],
  schema: [["schema > experiment.schema.json", "write it where an editor reads it"]],
  setup: [
    ["setup", "install what is used without being asked for"],
    ["setup --only tracking", "install MLflow alone"],
  ],
  doctor: [
    ["doctor", "check every part"],
    ["doctor my.yaml", "the environments and programs of a spec, too"],
  ],
};
