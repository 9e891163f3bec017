// Holds a kept server until it is killed. Arguments: the compiled module, and as JSON the server's
// options, the LLM environment and a work folder. Prints the model that the server lists.
const [, , module, json] = process.argv;
const { keptServer } = await import(module);
const { options, llm, work } = JSON.parse(json);
const served = await keptServer(
  {
    fingerprint: "ab".repeat(32),
    work,
    resources: { gpus: [], threads: 1 },
    toolchain: { environments: { llm } },
    stop: { draining: false, onDrain: () => {}, abort: new AbortController().signal },
    emit: () => {},
  },
  options,
);
console.log(served.model);
setInterval(() => {}, 1000);
