import { loadTensorFlow, type TensorFlow } from "../../../../../runners/base/tensorflow.js";

/** TensorFlow for tests. */
export const tf: typeof TensorFlow = loadTensorFlow();
