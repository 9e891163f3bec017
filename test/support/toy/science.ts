import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { JsonObject } from "../../../src/base/json.js";
import type {
  Runner,
  RunnerProgram,
  StageRequest,
  StageTask,
} from "../../../src/contract/runner.js";
import { listed, type ScienceCommand } from "../../../src/contract/engine.js";
import type { Science } from "../../../src/contract/science.js";

/**
 * A tiny science for the engine's tests: `base` feeds `middle` feeds `model`, one model a cell.
 * What a stage does is told by files in the folder that TOY names: every start and end is a line of
 * its `log`; where `<name>.hold` exists a stage waits in it until the file is gone.
 */
const folder = (): string => process.env["TOY"]!;
const log = (line: string): void => appendFileSync(path.join(folder(), "log"), `${line}\n`);
const flag = (name: string): boolean => existsSync(path.join(folder(), name));
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));

const told = (task: StageTask): string =>
  ["address", "key_env"].map((name) => String(task.execution[name])).join(" by ");

/** Processes that took memory of the card. */
const onCard = (): number[] =>
  readdirSync(folder())
    .filter((name) => name.startsWith("card."))
    .map((name) => Number(name.slice("card.".length)));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function tell(task: StageTask): void {
  process.stderr.write(`asking ${told(task)}\n`);
  process.stdout.write(JSON.stringify(task.execution));
  task.emit({ type: "note", severity: "warning", message: `slow: ${told(task)}` });
  task.emit({ type: "facts", values: { endpoint: told(task) } });
}

/** The behaviour that a stage is told by its `act` parameter. */
const acts: { readonly [act: string]: (task: StageTask, name: string) => Promise<void> | void } = {
  work: () => undefined,
  /** Has no room on a card beside others. */
  crowd: () => undefined,
  fail: () => {
    throw new Error("told to fail");
  },
  /** Dies the first time only. */
  "crash-once": (_task, name) => {
    if (flag(`${name}.crashed`)) return;
    writeFileSync(path.join(folder(), `${name}.crashed`), "");
    process.stderr.write("last words\n");
    process.kill(process.pid, "SIGKILL");
  },
  crash: () => {
    process.stderr.write("last words\n");
    process.exit(7);
  },
  /** Loses its connection twice. */
  "lose-connection": (_task, name) => {
    for (const time of ["first", "second"]) {
      if (flag(`${name}.${time}`)) continue;
      writeFileSync(path.join(folder(), `${name}.${time}`), "");
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    }
  },
  /** Asks for more memory than any machine has, the first time. */
  "fill-memory": (_task, name) => {
    if (flag(`${name}.filled`)) return;
    writeFileSync(path.join(folder(), `${name}.filled`), "");
    new ArrayBuffer(2 ** 46);
  },
  /** Takes more and more of the machine's memory until it has 600 MB. The first time it keeps them until it is killed. */
  "take-memory": async (_task, name) => {
    const first = !flag(`${name}.took`);
    writeFileSync(path.join(folder(), `${name}.took`), "");
    const taken: Buffer[] = [];
    for (let part = 0; part < 60; part++) {
      taken.push(Buffer.alloc(10_000_000, 1));
      await pause();
    }
    if (first) await new Promise((resolve) => setTimeout(resolve, 30_000));
    log(`took ${taken.length * 10} MB`);
  },
  /** Needs so little of a card only after it was told so twice. */
  "fill-card": (task) => {
    if ((task.resources.tightened ?? 0) < 2) throw new Error("no room on the card");
  },
  /** Takes memory of its card until its process ends, once three processes do. */
  "meet-on-card": async () => {
    writeFileSync(path.join(folder(), `card.${process.pid}`), "");
    while (onCard().length < 3) await pause();
  },
  /** Has no room on its card beside another process, at work or not. */
  "alone-on-card": async () => {
    // The others come to rest first.
    const ends = (): number =>
      readFileSync(path.join(folder(), "log"), "utf8").split("end ").length;
    while (ends() < 4) await pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (onCard().some((pid) => pid !== process.pid && isAlive(pid))) {
      throw new Error("no room on the card");
    }
  },
  /** Finds its card full, then dies of it, as CUDA's libraries do. */
  "die-of-card": (_task, name) => {
    const tries = ["first", "second"].filter((time) => flag(`${name}.${time}`)).length;
    if (tries === 2) return;
    writeFileSync(path.join(folder(), `${name}.${["first", "second"][tries]!}`), "");
    if (tries === 0) throw new Error("no room on the card");
    process.kill(process.pid, "SIGSEGV");
  },
  /** Has no room on a card at all. */
  "no-card": () => {
    throw new Error("no room on the card");
  },
  /** Fails on GPU 0 with words of its own, once it is told to. */
  "break-on-0": async (task) => {
    if (task.resources.gpus[0] !== 0) return;
    while (!flag("broken")) await pause();
    throw new Error("boom");
  },
  /** Says that its card is not to be had, on GPU 0. */
  "blame-0": (task) => {
    if (task.resources.gpus[0] === 0) throw new Error("no such card");
  },
  /** Says so on every card. */
  "blame-all": () => {
    throw new Error("no such card");
  },
  /** Says by which MPS daemon it shares its cards, and which it sees. */
  "tell-mps": (_task, name) => {
    const { CUDA_MPS_PIPE_DIRECTORY, CUDA_VISIBLE_DEVICES } = process.env;
    log(`mps ${name} ${CUDA_MPS_PIPE_DIRECTORY ?? "none"} ${CUDA_VISIBLE_DEVICES}`);
  },
  /** Finds no card where it shares one by MPS. */
  "blame-mps": () => {
    if (process.env["CUDA_MPS_PIPE_DIRECTORY"] !== undefined) throw new Error("no such card");
  },
  /** Says on which cards it is, and how much of them is its own. */
  "tell-share": (task, name) => {
    const { gpus, gpuShare } = task.resources;
    log(`share ${name} ${gpus.join(",")} ${gpuShare}`);
  },
  /** Takes a minute the first time. */
  dawdle: async (task, name) => {
    if (flag(`${name}.dawdled`)) return;
    writeFileSync(path.join(folder(), `${name}.dawdled`), "");
    writeFileSync(path.join(task.work, "checkpoint"), name);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  /** Says everything that it was told, wherever a stage can say something. */
  tell: (task) => tell(task),
  "tell-and-fail": (task) => {
    tell(task);
    throw new Error(`no answer from ${told(task)}`);
  },
  "tell-and-crash": (task) => {
    tell(task);
    process.exit(7);
  },
};

async function hold(task: StageTask, name: string): Promise<void> {
  if (!flag(`${name}.hold`)) return;
  log(`holding ${name} ${process.pid}`);
  const deaf = flag(`${name}.deaf`);
  while (flag(`${name}.hold`)) {
    if (task.stop.draining && !deaf) {
      writeFileSync(path.join(task.work, "checkpoint"), name);
      const { Drained } = await import("../../../src/contract/runner.js");
      throw new Drained();
    }
    await pause();
  }
}

const nameOf = (task: StageTask): string => String(task.params["name"]);

/** Says nothing yet, as long as its flag is there. */
async function begin(name: string): Promise<void> {
  if (!flag(`${name}.silent`)) return;
  log(`silent ${name}`);
  while (flag(`${name}.silent`)) await pause();
}

async function runOne(task: StageTask): Promise<void> {
  const name = nameOf(task);
  await begin(name);
  const resumed = existsSync(path.join(task.work, "checkpoint"));
  log(`start ${name}${resumed ? " from checkpoint" : ""}`);
  task.emit({ type: "progress", done: 1, total: 2, unit: "steps" });
  task.emit({ type: "metrics", step: 1, values: { loss: 0.5 } });
  await hold(task, name);
  await acts[String(task.params["act"] ?? "work")]!(task, name);
  const inputs = Object.entries(task.inputs).map(([input, place]) => {
    return `${input}:${readFileSync(path.join(place, "out.txt"), "utf8")}`;
  });
  const files = Object.entries(task.files).map(([file, place]) => {
    return `${file}:${readFileSync(place, "utf8")}`;
  });
  writeFileSync(path.join(task.out, "out.txt"), [name, ...inputs, ...files].join("\n"));
  await task.publish({ metrics: { "test.auc": 0.7, value: name.length } });
  log(`end ${name}`);
}

const single: RunnerProgram = {
  run: async (tasks) => {
    for (const task of tasks) await runOne(task);
  },
};

/** Fused: all replicas in one call, each ending by itself. */
const fused: RunnerProgram = {
  run: async (tasks) => {
    log(`group ${tasks.map(nameOf).sort().join(" ")}`);
    if (tasks.length > 1 && tasks.some(({ params }) => params["act"] === "crowd"))
      throw new Error("no room on the card");
    await Promise.all(
      tasks.map(async (task) => {
        if (task.params["act"] === "fail") {
          await task.fail({ kind: "spec", message: `${nameOf(task)} diverged` });
        } else {
          await runOne(task);
        }
      }),
    );
  },
};

const runner = (name: string, program: RunnerProgram, more: Partial<Runner> = {}): Runner => ({
  name,
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  load: () => Promise.resolve(program),
  ...more,
});

const runners: readonly Runner[] = [
  runner("base", single, {
    resources: (_, { memory }) =>
      memory === undefined ? { cpus: 1, gpus: 0 } : { cpus: 1, gpus: 1, gpuMemory: Number(memory) },
  }),
  runner("middle", single),
  runner("model", single, {
    tighten: (_params, _execution, times) => (times <= 3 ? `with step ${8 / 2 ** times}` : null),
    resources: (_, execution) => ({ cpus: 1, gpus: Number(execution["cards"] ?? 0) }),
  }),
  runner("replica", fused, {
    fusion: (params) => ({ key: String(params["shape"] ?? ""), limit: 8 }),
    resources: (_, execution) => ({ cpus: 2, gpus: Number(execution["cards"] ?? 0) }),
  }),
];

/** Needs a part of the toolchain, and is reckoned to take as many seconds as its note says. */
const reckoned = runner("reckoned", single, {
  toolchain: () => ["tensorflow"],
  fusion: ({ name }) => ({ key: String(name), limit: 8 }),
  resources: (_, execution) => ({ cpus: 1, gpus: Number(execution["cards"] ?? 0) }),
  estimate: ({ params }) => ({
    ...{ promptTokens: 0, completionTokens: 0, gpuHours: 0, sizes: {} },
    seconds: Number(params["note"]),
  }),
});

const text = (description: string, value: string): JsonObject => ({
  type: "string",
  description,
  default: value,
});

const request = (
  runnerName: string,
  params: JsonObject,
  more: Partial<StageRequest> = {},
): StageRequest => ({
  runner: runnerName,
  label: `${runnerName} ${String(params["name"])}`,
  params,
  inputs: {},
  files: {},
  execution: {},
  ...more,
});

const block = (settings: JsonObject, key: string): JsonObject => settings[key] as JsonObject;

/** `shout NAME`: the artifact of a model's stage in capitals; without one, makes the base of a spec. */
const shoutCommand: ScienceCommand<{ readonly name: string }> = {
  command: "shout <name>",
  examples: [["shout a", "the model a"]],
  describe: "print what a model made, loudly",
  builder: (yargs) => yargs.positional("name", { type: "string", demandOption: true }),
  run: async ({ name }, engine) => {
    if (name.endsWith(".yaml")) {
      const made = await engine.make(
        { file: name },
        (settings) => request("base", { name: block(settings, "toy")["base"]!, act: "work" }),
        { note: () => undefined, progress: () => undefined },
      );
      process.stdout.write(`${made.map(({ facts }) => facts.label.toUpperCase()).join("\n")}\n`);
      return;
    }
    const { folder } = await engine.find(name, {
      runner: "model",
      file: "out.txt",
      word: "model",
      hint: "give a cell's id",
      ofCells: true,
    });
    process.stdout.write(`${readFileSync(path.join(folder, "out.txt"), "utf8").toUpperCase()}\n`);
  },
};

export const science: Science = {
  about: "Runs toys.",
  headline: ["value"],
  curves: ["loss"],
  quickstart: { spec: "toy.yaml", describe: "run a toy" },
  starter: {
    questions: () => [],
    write: (_, schema) => `# yaml-language-server: $schema=${schema}\nname: first-toy\n`,
  },
  cellsPerCard: {
    setting: "toys_per_card",
    schema: { description: "Toys on one card.", type: "integer", minimum: 1, default: 2 },
  },
  fragments: {
    toy: {
      type: "object",
      description: "The toy's settings.",
      additionalProperties: false,
      default: {},
      properties: {
        base: text("Name of the base stage.", "base"),
        base_act: text("What the base stage does.", "work"),
        middle: text("Name of the middle stage; empty for none.", ""),
        model: text("Name of the model.", "model"),
        act: text("What the model does.", "work"),
        runner: text("model, replica or reckoned", "model"),
        file: text("A file that the base reads; empty for none.", ""),
        address: text("Address that the model is told; it decides nothing.", ""),
        note: text("A parameter of the model; empty for none.", ""),
        cards: {
          type: "integer",
          description: "GPUs that the model asks for.",
          minimum: 0,
          default: 0,
        },
        memory: {
          type: "integer",
          description: "Megabytes of a GPU's memory that the base asks for.",
          minimum: 0,
          default: 0,
        },
        key_env: text("Variable that holds a key of the model; empty for none.", ""),
      },
    },
  },
  expand: (settings) => settings,
  ignored: () => [],
  neutral: {
    "toy.address": "",
    "toy.note": "",
    "toy.key_env": "",
    "toy.cards": 0,
    "toy.memory": 0,
  },
  check: () => [],
  cards: (settings) => {
    const { cards, memory } = block(settings, "toy");
    return [
      { path: "toy.cards", count: Number(cards) },
      { path: "toy.memory", count: 1, memory: memory === 0 ? undefined : Number(memory) },
    ];
  },
  plan: (settings, place) => {
    const toy = block(settings, "toy");
    const file = String(toy["file"]);
    const base = request(
      "base",
      { name: toy["base"]!, act: toy["base_act"]! },
      {
        files: file === "" ? {} : { data: { path: path.resolve(place.folder, file) } },
        execution: toy["memory"] === 0 ? {} : { memory: toy["memory"]! },
      },
    );
    const middle =
      toy["middle"] === ""
        ? base
        : request("middle", { name: toy["middle"]! }, { inputs: { base } });
    return request(
      String(toy["runner"]),
      {
        ...{ name: toy["model"]!, act: toy["act"]!, seed: settings["seed"] ?? null },
        ...(toy["note"] === "" ? {} : { note: toy["note"]! }),
      },
      {
        inputs: { base: middle },
        execution: {
          ...(toy["address"] === "" && toy["key_env"] === ""
            ? {}
            : { address: toy["address"]!, key_env: toy["key_env"]! }),
          ...(toy["cards"] === 0 ? {} : { cards: toy["cards"]! }),
        },
      },
    );
  },
  classify: (words) =>
    words.includes("no room on the card")
      ? "gpu_memory"
      : words.includes("no such card")
        ? "gpu"
        : null,
  runner: (name) => [...runners, reckoned].find((one) => one.name === name),
  environments: [],
  commands: [listed(shoutCommand)],
};
