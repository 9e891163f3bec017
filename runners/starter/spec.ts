import type { Json } from "../../src/base/json.js";
import type { Answers } from "../../src/contract/starter.js";
import { datasetOf } from "./data-questions.js";

/**
 * The spec of the answers to the questions of `init`; `schema` is the schema's address for editors.
 */
export const starterSpec = (answers: Answers, schema: string): string => `\
# yaml-language-server: $schema=${schema}

name: first-experiment

${datasetText(answers)}

${knowledgeText(answers)}
backbone: din
seed: 1

ctr:
  user_id: true # every model knows who the user is, so that vectors gain nothing by telling it
  epochs: 10
  patience: 2 # stop after so many epochs without a better validation AUC

# Cells = (grid x every zip group) - exclude + include, over any setting by its dotted path.
sweep:
  grid:
    backbone: [din, dcnv2, deepfm]
    ctr.learning_rate: [5e-4, 1e-3]
    seed: ${flow(seedsOf(answers))} # replicates: results are averaged over them
${zipText(answers)}  # exclude:
  #   - {${answers["study"] === "models" ? "ctr.learning_rate: 1e-3" : `knowledge.variant: ${variantOf(answers)}`}, backbone: deepfm}
  # include: # one more cell over the settings above
  #   - {backbone: autoint}

# Tuned on validation; only the best learning rate of each row is compared.
select: {metric: valid.auc, over: [ctr.learning_rate]}
compare:
  baseline: {${answers["study"] === "models" ? "backbone: din" : "knowledge.variant: none"}}
  metrics: [test.auc, test.logloss]
  equivalence: {test.auc: 0.002} # a smaller gain does not matter

# Placement and tracking are no part of what a cell is.
# resources: {gpus: [0, 1], ctr_per_gpu: 12}
# tracking: {mlflow: {uri: "http://127.0.0.1:5000"}} # left out: a local server that r4ec keeps
`;

const seedsOf = ({ seeds }: Answers): readonly number[] =>
  Array.from({ length: Number(seeds) }, (_, index) => index + 1);

const controlsOf = ({ controls }: Answers): readonly string[] =>
  (controls ?? "").split(" ").filter((name) => name !== "");

/** The variant that is compared with none. */
const variantOf = ({ study }: Answers): string =>
  study === "llm" ? "kar" : study === "own" ? "file" : "profile";

function datasetText(answers: Answers): string {
  const { id, ...rest } = datasetOf(answers);
  if (id === "ml-100k") {
    return `\
# An id is short for {id: ...}. ml-100k is fetched by itself; for ml-1m give the folder:
#   dataset: {id: ml-1m, path: data/ml-1m}
dataset: ml-100k`;
  }
  const lines = Object.entries({ id: id!, ...rest }).map(
    ([key, value]) => `  ${key}: ${flow(value)}`,
  );
  if (id !== "table") return ["dataset:", ...lines].join("\n");
  return [
    "# docs/your-data.md has all of it: other kinds of files, queries, splits, words for prompts.",
    "dataset:",
    ...lines,
    "  user_core: 1 # fewest ratings of a user that stay",
    "  item_core: 1 # and of an item",
  ].join("\n");
}

function knowledgeText(answers: Answers): string {
  switch (answers["study"]) {
    case "models":
      return "";
    case "llm":
      return `\
# none: no knowledge; kar: the LLM says what it knows. r2ec and r4ec also fine-tune it (docs/knowledge.md).
knowledge:
  variant: none
  actor: ${flow(answers["model"]!)}
  users: 100 # the model is asked about so many; leave both lines out to ask about all
  items: 100
  embed: encoder
`;
    case "own":
      return `\
# none: no knowledge; file: your own text or vectors (docs/knowledge.md).
knowledge:
  variant: none
  file:
    users: ${flow(answers["texts.users"] || null)}
    items: ${flow(answers["texts.items"] || null)}
  embed: encoder # makes vectors of texts
`;
    default:
      return `\
# none: no knowledge; profile: titles and ratings as text, no LLM; kar, r2ec, r4ec: written by an
# LLM; file: your own text or vectors.
knowledge: {variant: none, embed: encoder}
`;
  }
}

/** The arms of the study: without vectors, with them, and with what stands in their place. */
function zipText(answers: Answers): string {
  if (answers["study"] === "models") return "";
  const controls = controlsOf(answers);
  const variants = ["none", variantOf(answers), ...controls.map(() => variantOf(answers))];
  const about = controls.map((name) => ABOUT[name]).join(", ");
  return `\
  zip: # these move together: no vectors, vectors${about === "" ? "" : `, ${about}`}
    - knowledge.variant: ${flow(variants)}
      knowledge.control: ${flow(["off", "off", ...controls])}
`;
}

const ABOUT: { readonly [control: string]: string } = {
  shuffled: "and those of other users and items",
  random: "random ones",
};

/** A value as YAML on one line. Texts that could be read as something else stand in quotes. */
function flow(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.entries(value)
      .map(([key, one]) => `${key}: ${flow(one as Json)}`)
      .join(", ")}}`;
  }
  if (typeof value !== "string") return String(value);
  const plain = /^[A-Za-z./][\w./-]*$/.test(value) && !/^(null|true|false|\..*)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}
