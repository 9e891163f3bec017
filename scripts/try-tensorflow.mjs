// Loads TensorFlow as a worker process does and multiplies two matrices. Prints one JSON line:
// {"version": TensorFlow's version, "gpu": whether it computes on a GPU}.
import { loadTensorFlow } from "../dist/runners/base/tensorflow.js";

const tf = loadTensorFlow();
const backend = tf.backend();
const product = await tf
  .matMul(
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  )
  .array();
if (JSON.stringify(product) !== "[[19,22],[43,50]]") {
  throw new Error(`TensorFlow multiplies wrongly: ${JSON.stringify(product)}`);
}
console.log(JSON.stringify({ version: backend.binding.TF_Version, gpu: backend.isUsingGpuDevice }));
