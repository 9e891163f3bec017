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
const uri = pathToFileURL(path.join(root, "experiments", "mine.yaml")).href;

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
  const textDocument = { uri, languageId: "yaml", version: 1, text: SPEC };
  client.tell("textDocument/didOpen", { textDocument });
}, 60_000);
afterAll(() => client.close());

const lineOf = (text: string): number => SPEC.split("\n").findIndex((line) => line.includes(text));

it("an editor offers the values of a setting and its blocks' settings", async () => {
  const offered = async (text: string): Promise<string[]> => {
    const line = lineOf(text);
    const character = SPEC.split("\n")[line]!.length;
    const { items } = await client.ask<{ items: { label: string }[] }>("textDocument/completion", {
      ...{ textDocument: { uri }, position: { line, character } },
    });
    return items.map(({ label }) => label);
  };
  expect(await offered("backbone: di")).toEqual(
    expect.arrayContaining(["din", "dien", "dcnv2", "bias"]),
  );
}, 60_000);

it("an editor says what a setting is where the pointer rests on it", async () => {
  const { contents } = await client.ask<{ contents: { value: string } }>("textDocument/hover", {
    ...{ textDocument: { uri }, position: { line: lineOf("learning_rate"), character: 5 } },
  });
  expect(contents.value).toContain("Peak learning rate of AdamW");
}, 60_000);

it("an editor underlines a key that is no setting", async () => {
  const told = (): { message: string; range: { start: { line: number } } }[] =>
    client.heard
      .filter(({ method }) => method === "textDocument/publishDiagnostics")
      .flatMap(({ params }) => (params as { diagnostics: never[] }).diagnostics);
  await expect
    .poll(() => told().find(({ message }) => message.includes("selct"))?.range.start.line, {
      timeout: 30_000,
    })
    .toBe(lineOf("selct"));
}, 60_000);
