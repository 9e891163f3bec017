import type { JsonObject } from "../../../src/base/json.js";
import type { FinetuneExecution, FinetuneParams, FinetuneSettings, Role } from "./settings.js";

/** LLaMA-Factory's options as the settings ask for them; the user's own stand above r4ec's. */
export function optionsOf(settings: FinetuneSettings, role: Role): JsonObject {
  const own = role === "actor" ? settings.actor : (settings.reflector ?? {});
  return {
    finetuning_type: "lora",
    lora_rank: settings.lora_rank,
    lora_alpha: settings.lora_alpha ?? 2 * settings.lora_rank,
    lora_dropout: settings.lora_dropout,
    lora_target: settings.lora_target,
    cutoff_len: settings.cutoff_len,
    learning_rate: settings.learning_rate,
    num_train_epochs: settings.epochs,
    lr_scheduler_type: settings.schedule,
    warmup_ratio: settings.warmup_ratio,
    val_size: settings.validation,
    ...settings.llamafactory,
    ...own,
  };
}

/** What of the machine and the data the configuration depends on. */
export interface TrainingPlace {
  /** Folder or hub name of the base model. */
  readonly model: string;
  readonly revision: string | null;
  /** GPUs given; 0 on a CPU. */
  readonly gpus: number;
  readonly samples: number;
  /** How often memory of a card was full. */
  readonly tightened: number;
  /** Checkpoint to go on from, relative to the working folder, or null. */
  readonly checkpoint: string | null;
}

/** Names that belong to r4ec: it reads the files that they name. */
export const RESERVED: readonly string[] = [
  "output_dir",
  "dataset_dir",
  "dataset",
  "resume_from_checkpoint",
  "overwrite_output_dir",
  "model_name_or_path",
  "stage",
  "do_train",
];

/**
 * How many samples a card takes at once, and how many such steps make one batch. Each time that a
 * card's memory was full, at most half as many: the largest number that leaves the batch as it is.
 */
export function batches(
  batchSize: number,
  microBatchSize: number,
  { cards, tightened }: { readonly cards: number; readonly tightened: number },
): { readonly micro: number; readonly steps: number } {
  let micro = Math.min(microBatchSize, batchSize);
  const whole = micro * Math.max(1, Math.round(batchSize / (micro * cards)));
  for (let times = 0; times < tightened && micro > 1; times++) {
    micro = Math.floor(micro / 2);
    while (whole % micro !== 0) micro -= 1;
  }
  return { micro, steps: whole / micro };
}

/**
 * The configuration of `llamafactory-cli train`, with paths relative to the stage's working folder.
 * It is written as JSON into a file named .yaml: version 0.9.5 cannot read one named .json.
 */
export function trainingConfig(
  params: FinetuneParams,
  execution: FinetuneExecution,
  place: TrainingPlace,
): JsonObject {
  const cards = Math.max(1, place.gpus);
  const { micro, steps } = batches(params.batch_size, execution.micro_batch_size, {
    cards,
    tightened: place.tightened,
  });
  const precision =
    execution.precision === "auto" ? (place.gpus > 0 ? "bf16" : "fp32") : execution.precision;
  const { val_size: validation, ...options } = params.options;
  // LLaMA-Factory refuses to split so few samples that a part stays empty.
  const split =
    typeof validation === "number" && Math.floor(validation * place.samples) >= 1 ? validation : 0;
  return {
    stage: "sft",
    do_train: true,
    model_name_or_path: place.model,
    ...(place.revision === null ? {} : { model_revision: place.revision }),
    template: params.template,
    dataset_dir: "data",
    dataset: "samples",
    output_dir: "out",
    overwrite_output_dir: true,
    overwrite_cache: true,
    preprocessing_num_workers: 1,
    dataloader_num_workers: 0,
    per_device_train_batch_size: micro,
    per_device_eval_batch_size: micro,
    gradient_accumulation_steps: steps,
    logging_steps: 1,
    // The log then tells the tokens that were worked through.
    include_num_input_tokens_seen: true,
    save_steps: execution.save_steps,
    save_total_limit: 2,
    ...(split === 0
      ? {}
      : { val_size: split, eval_strategy: "steps", eval_steps: execution.save_steps }),
    plot_loss: false, // needs matplotlib
    report_to: "none",
    seed: params.seed,
    bf16: precision === "bf16",
    fp16: precision === "fp16",
    ...(place.gpus === 0 ? { use_cpu: true } : {}),
    ...options,
    ...(place.checkpoint === null ? {} : { resume_from_checkpoint: place.checkpoint }),
  };
}
