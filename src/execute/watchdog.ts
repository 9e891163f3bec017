import { parentPort, workerData } from "node:worker_threads";
import { killTree } from "../base/process.js";

/**
 * A thread of every worker process that ends it when its controller is gone. The main thread
 * cannot be relied on for that: it may be inside TensorFlow for minutes.
 */
const { controller, mark } = workerData as { controller: number; mark: string };
const LOOK_MILLISECONDS = 300;

parentPort?.unref();
setInterval(() => {
  if (process.ppid === controller) return;
  // Children first: once this process is dead nobody would know them any more.
  killTree(mark, "SIGKILL", process.pid);
  process.kill(process.pid, "SIGKILL");
}, LOOK_MILLISECONDS);
