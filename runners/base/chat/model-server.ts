import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageTask } from "../../../src/contract/runner.js";
import { llmEnvironment } from "../python/environment.js";
import { commandProgram } from "../python/find-program.js";
import type { KeptOptions } from "./kept.js";
import { OWN_SERVER, type Served } from "./served.js";

/** Programs that serve a model and its adapters, and that r4ec knows how to start. */
export type ModelServer = "r4ec" | "vllm";

/** Ranks of adapters that vLLM has room for. */
const LORA_RANKS = [64, 128, 256, 320, 512];
/** Share of its memory that vLLM is given; it takes all of that at once. */
const VLLM_MEMORY = 0.9;

/** A model as a server is to serve it. */
export interface ModelToServe {
  /** A folder, or a name on the hub. */
  readonly model: string;
  /** Of a name on the hub; missing: its main branch. */
  readonly revision?: string | undefined;
  /** The highest rank of the adapters that will be asked for; null: there are none. */
  readonly rank: number | null;
  /** How much of a card it may take, 0 to 1. */
  readonly share: number;
  /** Further arguments of the user's own. */
  readonly arguments: readonly string[];
}

/** Throws a UserError where the LLM environment has no program for the server. */
export function checkModelServer(kind: ModelServer, task: Pick<StageTask, "toolchain">): void {
  if (kind !== "vllm" || commandProgram("vllm", llmEnvironment(task)).from !== "nowhere") return;
  const message =
    "there is no program vllm in the LLM environment or on the PATH: install vLLM into an environment of " +
    "your own and name it to r4ec (docs/your-lab.md), or use r4ec's own server (engine r4ec, teacher.server: r4ec)";
  throw new UserError(message, { exitCode: ExitCode.environment });
}

/** The server of a model, for {@link keptServer}. */
export function modelServer(
  kind: ModelServer,
  served: ModelToServe,
  options: Pick<KeptOptions, "startTimeoutSeconds" | "setting">,
): KeptOptions {
  const revision = served.revision === undefined ? [] : ["--revision", served.revision];
  const command = [
    ...(kind === "r4ec" ? ownCommand(served) : vllmCommand(served)),
    ...revision,
    ...served.arguments,
  ];
  return {
    ...options,
    command,
    values: { model: served.model },
    identity: [command, served.model],
    yields: kind === "r4ec",
    purpose: "text",
    ...(kind === "vllm" ? { variables: VLLM_VARIABLES } : {}),
  };
}

const ownCommand = ({ share }: ModelToServe): readonly string[] => [
  ...OWN_SERVER,
  ...(share < 1 ? ["--memory", String(share)] : []),
];

const VLLM_VARIABLES = {
  // Adapters are loaded while it runs, so that stages with different ones share it.
  VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True",
  VLLM_NO_USAGE_STATS: "1",
};

const vllmCommand = ({ rank, share }: ModelToServe): readonly string[] => [
  ...["vllm", "serve", "{model}", "--host", "127.0.0.1", "--port", "{port}"],
  ...["--gpu-memory-utilization", (VLLM_MEMORY * share).toFixed(3)],
  ...(rank === null
    ? []
    : [
        "--enable-lora",
        "--max-lora-rank",
        String(LORA_RANKS.find((each) => each >= rank) ?? rank),
      ]),
];

/** The fields of a request that hold an answer to a guide. */
export const guideFields = (kind: ModelServer | null, guide: string): JsonObject => ({
  guided_regex: guide,
  // vLLM's name for it since version 0.12.
  ...(kind === "vllm" ? { structured_outputs: { regex: guide } } : {}),
});

/**
 * Has a server take in an adapter, unless it has it already, by vLLM's protocol. Rejects with the
 * server's words where it can't.
 *
 * @param name what requests call it
 * @param folder absolute
 */
export async function loadAdapter(
  { baseUrl }: Pick<Served, "baseUrl">,
  { name, folder }: { readonly name: string; readonly folder: string },
  signal: AbortSignal,
): Promise<void> {
  const listed = (await (await fetch(`${baseUrl}/models`, { signal })).json()) as {
    readonly data?: readonly { readonly id: string }[];
  };
  if (listed.data?.some(({ id }) => id === name) === true) return;
  const response = await fetch(`${baseUrl}/load_lora_adapter`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ lora_name: name, lora_path: folder }),
    signal,
  });
  if (response.ok) return;
  const words = (await response.text()).slice(0, 2000);
  throw new Error(
    `the server cannot load the adapter ${folder} (status ${response.status}): ${words}`,
  );
}
