// Runs one stage in a process of its own, so that a test can kill it. Arguments: the compiled
// module with the programs, the program's name, the task as JSON. Prints what became of the task.
const [, , module, name, json] = process.argv;
const { programs } = await import(module);
const given = JSON.parse(json);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
await programs[name].run([
  {
    ...given,
    stop: { draining: false, onDrain: () => {}, abort: new AbortController().signal },
    emit: (event) => say({ event }),
    publish: async (result) => say({ result }),
    fail: async (error) => say({ error }),
  },
]);
