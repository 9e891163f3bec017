import { loadTensorFlow, type TensorFlow } from "../../runners/tensorflow.js";

/** TensorFlow for tests. */
export const tf: typeof TensorFlow = loadTensorFlow();
