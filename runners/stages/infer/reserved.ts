/** Names in LLaMA-Factory's configuration that belong to r4ec: it reads what they decide. */
export const RESERVED_IN_PREDICTION: readonly string[] = [
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
