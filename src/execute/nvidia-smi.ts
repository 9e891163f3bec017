import { execFile } from "node:child_process";

/** A card as nvidia-smi tells of it. What it does not say is null. */
export interface ListedCard {
  readonly index: number;
  /** `GPU-…`. */
  readonly uuid: string | null;
  /** MiB. */
  readonly memory: { readonly used: number; readonly total: number } | null;
  /** Whether a screen is shown by it: then the desktop takes memory of it. */
  readonly display: boolean;
  /** Errors of its memory, since the driver was loaded, that could not be mended. */
  readonly memoryErrors: number | null;
  /** What nvidia-smi says where the card does not answer as it should, or null. */
  readonly sick: string | null;
  /** Whether it is cut into instances (MIG), and their ids; a program uses one of them at a time. */
  readonly cut: boolean;
  readonly instances: readonly string[];
}

/** A program that computes on a card. */
export interface CardProcess {
  /** Of its card. */
  readonly uuid: string;
  readonly pid: number;
  /** MiB; null: not told. */
  readonly used: number | null;
}

const TIMEOUT_MILLISECONDS = 20_000;
const FIELDS = [
  ...["index", "uuid", "memory.used", "memory.total"],
  ...["display_active", "ecc.errors.uncorrected.volatile.total"],
].join(",");
/** What stands in the place of a value of a card that is out of order. */
const SICK = /GPU is lost|requires reset|Unknown Error|^\[?ERR!\]?$/iu;

interface Said {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** Calls nvidia-smi; null where there is none, or where it does not come to an end. */
const ask = (environment: NodeJS.ProcessEnv, ...args: string[]): Promise<Said | null> =>
  new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MILLISECONDS, env: environment, encoding: "utf8" } as const;
    execFile("nvidia-smi", args, options, (error, stdout, stderr) => {
      if (error !== null && (error.killed === true || typeof error.code !== "number")) {
        resolve(null);
        return;
      }
      const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trimEnd());
      resolve({ ok: error === null, lines: lines.filter((line) => line !== "") });
    });
  });

const number = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;

/** Rows of a table that nvidia-smi printed: comma, blank, value. */
const rowsOf = (said: Said | null): string[][] =>
  (said?.lines ?? []).map((line) => line.split(",").map((value) => value.trim()));

type Asked = Omit<ListedCard, "cut" | "instances">;

function cardOf([index, uuid, used, total, display, errors]: readonly string[]): Asked | null {
  const at = number(index);
  if (at === null) return null;
  const sick = [uuid, used, total, errors].find((value) => value !== undefined && SICK.test(value));
  const [has, of] = [number(used), number(total)];
  return {
    index: at,
    uuid: uuid?.startsWith("GPU-") === true ? uuid : null,
    memory: has === null || of === null || of === 0 ? null : { used: has, total: of },
    display: display === "Enabled",
    memoryErrors: number(errors),
    sick: sick ?? null,
  };
}

const query = async (environment: NodeJS.ProcessEnv, ...which: string[]): Promise<Said | null> =>
  ask(environment, ...which, `--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits");

const cardsOf = (said: Said | null): Asked[] =>
  rowsOf(said).flatMap((row) => {
    const card = cardOf(row);
    return card === null ? [] : [card];
  });

/** Cards by their numbers with the ids of their instances, as `nvidia-smi -L` lists them. */
interface Named {
  readonly index: number;
  readonly uuid: string;
  readonly instances: string[];
}

function namedOf(said: Said | null): Named[] {
  const cards: Named[] = [];
  for (const line of said?.lines ?? []) {
    const card = /^GPU (\d+): .*\(UUID: (GPU-[^)\s]+)\)/u.exec(line);
    if (card !== null) cards.push({ index: Number(card[1]), uuid: card[2]!, instances: [] });
    const instance = /^\s+MIG .*\(UUID: (MIG-[^)\s]+)\)/u.exec(line);
    if (instance !== null) cards.at(-1)?.instances.push(instance[1]!);
  }
  return cards;
}

/**
 * The cards of this machine, whatever the environment leaves of them; null where nvidia-smi is not there
 * or does not answer.
 */
export async function listCards(
  environment: NodeJS.ProcessEnv,
): Promise<readonly ListedCard[] | null> {
  const [said, listed] = await Promise.all([query(environment), ask(environment, "-L")]);
  const named = namedOf(listed);
  let cards = cardsOf(said);
  if (cards.length === 0) {
    // One card that is lost may spoil the answer about all of them.
    cards = await Promise.all(
      named.map(async ({ index, uuid }) => {
        const one = await query(environment, "-i", uuid);
        const unknown = { index, uuid, memory: null, display: false, memoryErrors: null };
        return cardsOf(one)[0] ?? { ...unknown, sick: one?.lines[0] ?? "it does not answer" };
      }),
    );
  }
  if (cards.length === 0 && said?.ok !== true) return null;
  return cards.map((card) => {
    const instances = named.find(({ index }) => index === card.index)?.instances ?? [];
    return { ...card, cut: instances.length > 0, instances };
  });
}

/** Programs that compute on the machine's cards, as far as nvidia-smi may tell of them. */
export async function listProcesses(
  environment: NodeJS.ProcessEnv,
): Promise<readonly CardProcess[]> {
  const fields = "--query-compute-apps=gpu_uuid,pid,used_memory";
  return rowsOf(await ask(environment, fields, "--format=csv,noheader,nounits")).flatMap(
    ([uuid, pid, used]) => {
      const process = number(pid);
      return uuid === undefined || process === null
        ? []
        : [{ uuid, pid: process, used: number(used) }];
    },
  );
}
