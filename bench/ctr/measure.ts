import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { ExitCode } from "../../src/base/exit.js";
import { backbones } from "../../runners/stages/ctr/backbones/index.js";
import { positionsOf } from "../../runners/stages/ctr/data/interactions.js";
import { loadCtrData, shapeOf } from "../../runners/stages/ctr/data/load.js";
import { rewritesWithout } from "../../runners/stages/ctr/rewrites/index.js";
import { prepareProcess } from "../../runners/stages/ctr/process.js";
import type { CtrParams } from "../../runners/stages/ctr/settings.js";
import { Companion } from "../../runners/stages/ctr/train/companion.js";
import { placesOf, type EpochSamples } from "../../runners/stages/ctr/train/epoch-samples.js";

/** What one measured process works on. */
export interface Work {
  readonly dataset: string;
  readonly embed: string | null;
  readonly device: "cpu" | "cuda";
  readonly backbone: string;
  readonly batch: number;
  readonly replicas: number;
  readonly engine: "graph" | "eager";
  readonly xla: boolean;
  /** `ctr.user_id`, off by default. */
  readonly userId?: boolean;
  readonly what: "train" | "score";
  /** Rewrites of the engine that are switched off. */
  readonly without: readonly string[];
  /** Cores of its own; by default all there are. */
  readonly threads?: number;
}

/*
 * One process of a comparison: says `ready` with the seconds until then, then
 * works for as many seconds as each line on stdin says and reports model-samples and seconds.
 */
const work = JSON.parse(process.argv[2]!) as Work;
const began = performance.now();
prepareProcess({
  gpus: work.device === "cuda" ? [0] : [],
  threads: work.threads ?? availableParallelism(),
});
const { buildModel } = await import("../../runners/stages/ctr/build.js");
const { makeColumns } = await import("../../runners/stages/ctr/data/columns.js");
const { deviceOfProcess } = await import("../../runners/stages/ctr/tensorflow.js");
const { piecesOfStep, roomForDistinct, scoringSizes } =
  await import("../../runners/stages/ctr/train/tuning.js");
const { seenUsers } = await import("../../runners/stages/ctr/data/seen.js");
const { EpochTrainer } = await import("../../runners/stages/ctr/train/epoch.js");

const inputs = { dataset: work.dataset, ...(work.embed === null ? {} : { embed: work.embed }) };
const params: CtrParams = {
  backbone: work.backbone,
  seed: 1,
  embedding_dim: 32,
  history_length: 5,
  batch_size: work.batch,
  learning_rate: 1e-3,
  weight_decay: 0,
  dropout: 0,
  clip_norm: 0,
  epochs: 20,
  patience: 5,
  schedule: "cosine",
  warmup: 0,
  mlp: [200, 80],
  adaptor:
    work.embed === null
      ? null
      : { type: "hea", shared_experts: 2, specific_experts: 6, layers: [128, 32] },
  pick: "test",
  options: {},
  ...(work.userId === true ? { user_id: true } : {}),
};
if (backbones[work.backbone] === undefined) throw new Error(`no backbone ${work.backbone}`);
const data = await loadCtrData(inputs, params);
const interactions = { ...data.dataset, position: positionsOf(data.dataset) };
const seeds = Array.from({ length: work.replicas }, (_, i) => i + 1);
const stepsPerEpoch = Math.ceil(data.train.length / work.batch);
const device = deviceOfProcess();
const columns = makeColumns(device, interactions, data.knowledge);
const trainer = await EpochTrainer.create({
  rewrites: rewritesWithout(work.without),
  device,
  shape: shapeOf(params, data, undefined),
  buildModel,
  columns,
  batchSize: work.batch,
  samples: data.train.length,
  seenUsers: seenUsers(data),
  ...scoringSizes(device, work.replicas, data.test.rows.length),
  distinct: roomForDistinct(device, data, work.batch, work.xla),
  pieces: piecesOfStep(device, work.batch),
  replicas: seeds.map((seed) => ({
    seed,
    dropout: 0,
    weightDecay: 0,
    clipNorm: 0,
    // Replicas of a sweep differ in their rates, which a shared kernel could not serve.
    rate: {
      peak: 1e-3 * (1 + seed / 100),
      steps: stepsPerEpoch * 20,
      warmup: 0,
      schedule: "cosine",
    },
  })),
  fullHistory: data.fullHistory,
  engine: work.engine,
  xla: work.xla,
  sameStep: true,
});

const { length: count } = data.train;
// Without the last, shorter batch where that is a step of its own.
const whole = Math.floor(placesOf(count, trainer.layout) / work.batch);
let at = whole;
let epoch = 0;
const companion = new Companion(data);
const samplesOf = (epoch: number): Promise<EpochSamples> =>
  companion.samples(
    seeds.map((seed) => ({ seed, epoch })),
    trainer.layout,
  );
let samples = samplesOf(epoch);
const step = async (): Promise<number> => {
  if (at >= whole) {
    trainer.begin(await samples);
    epoch++;
    // As in training: the next epoch's are made while this one trains.
    samples = samplesOf(epoch);
    at = 0;
  }
  const before = at;
  at += trainer.advance(at);
  const upTo = (steps: number): number => Math.min(steps * work.batch, count);
  return (upTo(at) - upTo(before)) * work.replicas;
};
const score = (): number => {
  trainer.score(data.test.rows);
  return data.test.rows.length * work.replicas;
};
const once = work.what === "train" ? step : score;

for (let i = 0; i < (work.what === "train" ? 20 : 2); i++) await once();
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
say({ ready: true, compile_seconds: (performance.now() - began) / 1000 });
for await (const line of createInterface({ input: process.stdin })) {
  const limit = Number(line) * 1000;
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < limit) done += await once();
  // Reading a weight back waits for what a card still has to do.
  trainer.session.read([trainer.optimizer.step]);
  say({ samples: done, seconds: (performance.now() - start) / 1000 });
}
process.exit(ExitCode.done);
