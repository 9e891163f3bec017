import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
// The program that editors start.
const server = path.join(
  path.dirname(createRequire(import.meta.url).resolve("yaml-language-server/package.json")),
  "bin/yaml-language-server",
);

/** A spec as one writes it in a folder of experiments/, with the schema that r4ec's own specs name. */
const SPEC = `# yaml-language-server: $schema=../schemas/experiment.schema.json
name: mine
dataset: ml-100k
backbone: di
ctr:
  learning_rate: 0.001
selct: { metric: valid.auc }
`;

/** Of a study that says more: a base, a table, a program, and every way to vary. Each `|` is a cursor. */
const STUDY = `# yaml-language-server: $schema=../schemas/experiment.schema.json
extends: quickstart.yaml
name: study
dataset:
  id: table
  interactions:
    file: likes.csv
    tim|
backbone:
  name: mine
  comm|
sweep:
  grid:
    backbone: [di|]
    knowledge.embed.ba|
  zip:
    - knowledge.variant: [pro|]
  sample:
    trials: 4
    space:
      ctr.learning_rate:
        lo|
compare:
  baseline:
    knowledge.var|
slurm:
  part|
`;

/** An editor's settings of YAML. */
const SETTINGS = { validate: true, hover: true, completion: true };

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

/** A language server that is spoken to over its standard input and output, as an editor does. */
class Client {
  readonly #process: ChildProcess;
  readonly heard: Message[] = [];
  readonly #asked = new Map<number, (result: unknown) => void>();
  #id = 0;

  constructor() {
    this.#process = spawn(process.execPath, [server, "--stdio"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let read = Buffer.alloc(0);
    this.#process.stdout!.on("data", (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      for (;;) {
        const head = read.indexOf("\r\n\r\n");
        const length = Number(/Content-Length: (\d+)/.exec(read.toString("utf8", 0, head))?.[1]);
        if (head < 0 || read.length < head + 4 + length) return;
        const message = JSON.parse(read.toString("utf8", head + 4, head + 4 + length)) as Message;
        read = read.subarray(head + 4 + length);
        this.heard.push(message);
        if (message.id !== undefined && message.method === undefined) {
          this.#asked.get(message.id)?.(message.result);
        }
        // The server asks for the editor's settings, or says something that wants an answer.
        if (message.id !== undefined && message.method !== undefined) {
          const { items } = (message.params ?? {}) as { items?: { section: string }[] };
          const result = items?.map(({ section }) => (section === "yaml" ? SETTINGS : null));
          this.#send({ id: message.id, result: result ?? null });
        }
      }
    });
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin!.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  tell(method: string, params: object): void {
    this.#send({ method, params });
  }

  ask<Result>(method: string, params: object): Promise<Result> {
    const id = ++this.#id;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#asked.set(id, (result) => resolve(result as Result)));
  }

  close(): void {
    this.#process.kill();
  }
}

let client: Client;
beforeAll(async () => {
  client = new Client();
  await client.ask("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    capabilities: {
      textDocument: {
        completion: { completionItem: { documentationFormat: ["markdown"] } },
        hover: { contentFormat: ["markdown"] },
        publishDiagnostics: {},
      },
    },
  });
  client.tell("initialized", {});
  client.tell("workspace/didChangeConfiguration", { settings: { yaml: SETTINGS } });
}, 60_000);
afterAll(() => client.close());

/** Opens a spec as a file of experiments/; its address. */
function open(name: string, text: string): string {
  const uri = pathToFileURL(path.join(root, "experiments", name)).href;
  const textDocument = { uri, languageId: "yaml", version: 1, text };
  client.tell("textDocument/didOpen", { textDocument });
  return uri;
}

/** What is offered in a spec whose one `|` is the cursor. */
async function offered(name: string, text: string): Promise<string[]> {
  const before = text.slice(0, text.indexOf("|")).split("\n");
  const position = { line: before.length - 1, character: before.at(-1)!.length };
  const textDocument = { uri: open(name, text.replace("|", "")) };
  const { items } = await client.ask<{ items: { label: string }[] }>("textDocument/completion", {
    ...{ textDocument, position },
  });
  return items.map(({ label }) => label);
}

/** The study with the one cursor that stands behind these letters; the other unfinished words are left out. */
const studyAt = (word: string): string =>
  STUDY.split("\n")
    .filter((line) => !line.includes("|") || line.includes(`${word}|`))
    .join("\n");

const lineOf = (text: string): number => SPEC.split("\n").findIndex((line) => line.includes(text));

it("an editor offers the values of a setting", async () => {
  const labels = await offered("mine.yaml", SPEC.replace("backbone: di", "backbone: di|"));
  expect(labels).toEqual(expect.arrayContaining(["din", "dien", "dcnv2", "bias"]));
}, 60_000);

it.each([
  ["tim", "time"],
  ["comm", "command"],
  ["[di", "dien"],
  ["embed.ba", "knowledge.embed.batch_size"],
  ["[pro", "profile"],
  ["lo", "log"],
  ["var", "knowledge.variant"],
  ["part", "partition"],
])(
  "in a study an editor completes %s to %s",
  async (word, whole) => {
    expect(await offered(`study-${word}.yaml`, studyAt(word))).toContain(whole);
  },
  60_000,
);

it("an editor says what a setting is where the pointer rests on it", async () => {
  const hover = async (name: string, text: string, word: string): Promise<string> => {
    const line = text.split("\n").findIndex((one) => one.includes(word));
    const character = text.split("\n")[line]!.indexOf(word) + 2;
    const { contents } = await client.ask<{ contents: { value: string } }>("textDocument/hover", {
      ...{ textDocument: { uri: open(name, text) }, position: { line, character } },
    });
    return contents.value;
  };
  expect(await hover("hover.yaml", SPEC, "learning_rate")).toContain("Peak learning rate of AdamW");
  const study = STUDY.replaceAll(/^.*\|.*\n/gm, "");
  for (const [index, [word, says]] of (
    [
      // Of a setting with several forms: what it is, and what the form is.
      ["extends", "Files whose settings this file starts from"],
      ["backbone", "The CTR model"],
      ["backbone", "A program of your own"],
      ["interactions", "rated"],
      ["ctr.learning_rate", "Peak learning rate of AdamW"],
      ["trials", "joint settings"],
    ] as const
  ).entries()) {
    expect(await hover(`hover-${index}.yaml`, study, word), word).toContain(says);
  }
}, 60_000);

it("an editor underlines a key that is no setting", async () => {
  const uri = open("wrong.yaml", SPEC);
  const told = (): { message: string; range: { start: { line: number } } }[] =>
    client.heard
      .filter(({ method }) => method === "textDocument/publishDiagnostics")
      .map(({ params }) => params as { uri: string; diagnostics: never[] })
      .flatMap((said) => (said.uri === uri ? said.diagnostics : []));
  await expect
    .poll(() => told().find(({ message }) => message.includes("selct"))?.range.start.line, {
      timeout: 30_000,
    })
    .toBe(lineOf("selct"));
}, 60_000);
