/** The spec that `init` writes; `schema` is the schema's address for editors. */
export const starterSpec = (schema: string): string => `\
# yaml-language-server: $schema=${schema}

name: first-experiment

# An id is short for {id: ...}. ml-100k is fetched by itself; for ml-1m give the folder:
#   dataset: {id: ml-1m, path: data/ml-1m}
dataset: ml-100k

# none: no knowledge; profile: titles and ratings as text, no LLM; kar, r2ec, r4ec: written by an
# LLM; file: your own text or vectors.
knowledge: {variant: none, embed: encoder}

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
    seed: [1, 2, 3] # replicates: results are averaged over them
  zip: # these move together: no vectors, profiles, and the profiles of other users and items
    - knowledge.variant: [none, profile, profile]
      knowledge.control: [off, off, shuffled]
  # exclude:
  #   - {knowledge.variant: profile, backbone: deepfm}
  # include: # one more cell over the settings above
  #   - {backbone: autoint}

# Tuned on validation; only the best learning rate of each row is compared.
select: {metric: valid.auc, over: [ctr.learning_rate]}
compare:
  baseline: {knowledge.variant: none}
  metrics: [test.auc, test.logloss]
  equivalence: {test.auc: 0.002} # a smaller gain does not matter

# Placement and tracking are no part of what a cell is.
# resources: {gpus: [0, 1], ctr_per_gpu: 4}
# tracking: {mlflow: {uri: "http://127.0.0.1:5000"}} # left out: a local server that r4ec keeps
`;
