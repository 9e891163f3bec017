/** Names in LLaMA-Factory's configuration that belong to r4ec: it reads the files that they name. */
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
];
