import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { science } from "../../runners/registry.js";
import { ExitCode } from "../../src/base/exit.js";
import { packageFile } from "../../src/base/package.js";
import { formatTable } from "../../src/base/table.js";
import { loadConfig } from "../../src/config/load.js";
import { ensure } from "../../src/toolchain/index.js";

/** Rows of r4ec's own server, and the one of transformers. */
const WAYS = ["greedy", "sampled", "top-p"];
const PEER = "peer";

const usage = `npm run bench -- llm [ROW...] --model FOLDER [--python PATH] [--prompts N] [--concurrency N] [--max-tokens N] [--rounds N] [--json FILE]
How many tokens a second r4ec's own server writes for think prompts, with guided answers.
Rows: ${[...WAYS, PEER].join(", ")} (default: all). greedy: temperature 0; sampled: 0.5; top-p: 0.5 and top_p 0.95;
${PEER}: transformers' own continuous batching on the same prompts, greedy and without guides.
--model: a folder in Hugging Face's form. --python: an interpreter with torch and transformers; without it, that of
r4ec's LLM environment, installed where it is missing. The first round of a row also records CUDA graphs.`;

/** A line of measure.py or peer.py about a round. */
interface Round {
  readonly way: string;
  readonly round: number;
  readonly prompts: number;
  readonly concurrency: number;
  readonly seconds: number;
  readonly tokens_read: number;
  readonly tokens_written: number;
  readonly written_a_second: number;
}

/** Texts of a language model: what r4ec's own server writes a second. */
export async function llmBenchmark(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: "string" },
      python: { type: "string" },
      prompts: { type: "string", default: "200" },
      concurrency: { type: "string", default: "256" },
      "max-tokens": { type: "string", default: "90" },
      rounds: { type: "string", default: "2" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const names = positionals.length > 0 ? positionals : [...WAYS, PEER];
  const fault = faultOf(names, values.model);
  if (fault !== null) {
    console.error(`bench: ${fault}`);
    process.exitCode = ExitCode.usage;
    return;
  }
  const model = path.resolve(values.model!);
  const python = values.python ?? (await ownPython());
  if (python === null) return;
  const amounts = ["prompts", "max-tokens", "rounds"] as const;
  const common = amounts.flatMap((name) => [`--${name}`, values[name]]);
  const run = (script: string, own: readonly string[]) =>
    linesOf(python, [packageFile(`bench/llm/${script}`), ...common, ...own]);
  let start: number | null = null;
  const rounds: Round[] = [];
  const ways = names.filter((name) => name !== PEER);
  if (ways.length > 0) {
    const serve = [python, packageFile("runners/base/chat/serve.py"), "--model", model];
    const asked = ["--ways", ways.join(","), "--concurrency", values.concurrency];
    const lines = await run("measure.py", [...asked, "--", ...serve, "--port", "{port}"]);
    start = (lines[0] as { readonly start_seconds: number }).start_seconds;
    rounds.push(...(lines.slice(1) as Round[]));
  }
  if (names.includes(PEER)) rounds.push(...((await run("peer.py", ["--model", model])) as Round[]));
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  if (values.json !== undefined) {
    const told = { machine, model: path.basename(model), start_seconds: start, rows: rounds };
    await writeFile(values.json, `${JSON.stringify(told, null, 2)}\n`);
  }
  print(rounds, start);
}

/** What is wrong with the arguments; null: nothing. */
function faultOf(names: readonly string[], model: string | undefined): string | null {
  const known = [...WAYS, PEER];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return `no row ${unknown}; there are ${known.join(", ")}`;
  if (model === undefined) return "--model FOLDER is missing: a model in Hugging Face's form";
  if (existsSync(path.join(model, "config.json"))) return null;
  return `--model ${model} is no folder of a model: it has no config.json`;
}

/** Python of the LLM environment; null, with a message and the exit status, where there is none. */
async function ownPython(): Promise<string | null> {
  const config = await loadConfig({ cwd: process.cwd() });
  const ready = config.ok
    ? await ensure(["llm.serve"], science.environments, config.value, ({ text, transient }) => {
        if (!transient) process.stderr.write(`${text}\n`);
      })
    : null;
  if (ready?.ok === true) return path.join(ready.value.paths.environments["llm"]!, "bin", "python");
  const why = config.ok
    ? ready?.ok === false && ready.error.message
    : config.error.map(({ message }) => message).join("; ");
  console.error(`bench: ${why}`);
  process.exitCode = ExitCode.environment;
  return null;
}

/** The JSON lines that a script writes; its stderr is shown. */
async function linesOf(python: string, args: readonly string[]): Promise<readonly unknown[]> {
  const { stdout } = await execa(python, args, {
    env: { HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false" },
    stderr: "inherit",
  });
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as unknown);
}

function print(rounds: readonly Round[], start: number | null): void {
  const rows = [...new Set(rounds.map(({ way }) => way))].map((way) => {
    const own = rounds.filter((each) => each.way === way);
    const later = own.length > 1 ? own.slice(1) : own;
    const speed = (each: Round): string => each.written_a_second.toFixed(0);
    const best = later.reduce((a, b) => (a.written_a_second > b.written_a_second ? a : b));
    return [way, `${own[0]!.prompts}`, `${own[0]!.concurrency}`, speed(own[0]!), speed(best)];
  });
  console.log(
    formatTable(["row", "prompts", "at once", "tokens/s, first round", "best later"], rows),
  );
  if (start !== null) console.log(`the server answered ${start.toFixed(1)} s after its start`);
}
