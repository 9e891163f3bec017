// Runs CTR stages in a process of their own, so that a test can have it killed at an exact moment.
//   node ctr-worker.mjs PROGRAM [TASK, ...] [KILL AT]
// A task as JSON without its functions. KILL AT: the epochs done, as the progress of the first task
// says it, at which the process kills itself.
const { program } = await import(process.argv[2]);
const tasks = JSON.parse(process.argv[3]);
const killAt = Number(process.argv[4] ?? Infinity);

await program.run(
  tasks.map((task, i) => ({
    ...task,
    stop: { draining: false, onDrain() {}, abort: new AbortController().signal },
    emit(event) {
      if (i === 0 && event.type === "progress" && event.done >= killAt) {
        process.kill(process.pid, "SIGKILL");
      }
    },
    async publish() {},
    async fail(error) {
      throw new Error(error.message);
    },
  })),
);
