// A worker process of r4ec as a thread, for many cases in one process: what the program of a worker needs of
// its process is made of the thread's port.

import { syncBuiltinESMExports } from "node:module";
import threads, { parentPort, workerData } from "node:worker_threads";
import { judge } from "./counter.mjs";
import { installDisk } from "./disk.mjs";

const { entry, root, counter, order } = workerData;

process.send = (message, _handle, _options, done) => {
  parentPort.postMessage(message);
  done?.(null);
  return true;
};
process.connected = true;
// Its watchdog would look after a process that is gone; here the driver ends the thread.
threads.Worker = class {
  unref() {}
};
syncBuiltinESMExports();
const early = [];
parentPort.on("message", (message) => {
  if (process.listenerCount("message") > 0) process.emit("message", message);
  else early.push(message);
});

await installDisk(
  root,
  (kind) => judge(counter, order, 2, kind),
  () => parentPort.postMessage({ type: "killed" }),
);
await import(entry);
for (const message of early) process.emit("message", message);
