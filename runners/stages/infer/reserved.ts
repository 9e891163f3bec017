import type { Finding } from "../../../src/base/diagnostic.js";
import { mistake } from "../../base/stage/mistake.js";

/** Names in LLaMA-Factory's configuration that belong to r4ec: it reads what they decide. */
const RESERVED: readonly string[] = [
  "stage",
  "do_predict",
  "predict_with_generate",
  "dataset_dir",
  "eval_dataset",
  "output_dir",
  "overwrite_output_dir",
  "model_name_or_path",
  "adapter_name_or_path",
  // With these, prompts are left out or shuffled, or answered by other trainers than predict.py knows.
  "max_samples",
  "streaming",
  "use_hyper_parallel",
  "use_mca",
  "use_ray",
];

/**
 * A mistake for each of LLaMA-Factory's options that is r4ec's to set.
 *
 * @param where dotted path of the options
 */
export const reservedOptions = (options: object | undefined, where: string): readonly Finding[] =>
  Object.keys(options ?? {})
    .filter((option) => RESERVED.includes(option))
    .map((option) => mistake(`${where}.${option}`, `${option} is r4ec's to set; leave it out`));
