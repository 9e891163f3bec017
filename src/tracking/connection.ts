import path from "node:path";
import type { SweepId } from "../base/fingerprint.js";
import type { Address } from "./address.js";
import { MlflowClient } from "./client.js";
import { MlflowFailure } from "./failure.js";
import type { Ledger } from "./ledger.js";
import { storeName } from "./ledger.js";
import type { Problem } from "./send.js";
import { Sender } from "./send.js";
import { filterOf } from "./find-run.js";
import type { Patience } from "./transport.js";
import type { RunKey } from "./update.js";
import { keyOf, TAG } from "./update.js";

/** A connection to the server that a sweep is told to, with the experiment found or made. */
export interface Connection {
  readonly client: MlflowClient;
  readonly sender: Sender;
  readonly experimentId: string;
  /** Runs that the ledger knew and the server has no longer. */
  readonly lost: ReadonlySet<RunKey>;
}

export interface ConnectionOptions {
  readonly store: string;
  readonly sweep: SweepId;
  readonly ledger: Ledger;
  readonly address: Address;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Compare the ledger with what the server has, whatever the ledger says. */
  readonly thorough: boolean;
  readonly problem: (problem: Problem) => void;
  readonly progress: () => void;
}

/** Connects. Throws {@link MlflowFailure}; may be tried again any number of times. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { store, sweep, ledger, address, patience, signal } = options;
  const client = new MlflowClient(address, patience, signal);
  try {
    const experimentId = await experimentOf(client, ledger.state.experiment);
    // A new id under the old name: the server's database is another one.
    const replaced =
      ledger.state.experimentId !== null && ledger.state.experimentId !== experimentId;
    const name = await storeName(store);
    const sender = new Sender({
      client,
      ledger,
      experimentId,
      sweep,
      store: name,
      stageLock: path.join(store, "tracking", "stages.lock"),
      problem: options.problem,
      progress: options.progress,
    });
    let lost = new Set<RunKey>();
    if (replaced) {
      lost = new Set(ledger.runs.keys());
      await ledger.forget();
    } else if (!ledger.found || !ledger.state.clean || options.thorough) {
      lost = await reconcile(client, ledger, experimentId, sweep, name, sender);
    }
    await ledger.save({ experimentId, clean: false });
    return { client, sender, experimentId, lost };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function experimentOf(client: MlflowClient, name: string): Promise<string> {
  const found = await client.experiment(name);
  if (found === null) {
    const note = {
      key: "mlflow.note.content",
      value: "Made by r4ec: a run per sweep, below it one per cell and per shared stage.",
    };
    return (await client.createExperiment(name, [note, { key: "r4ec.experiment", value: name }]))
      .id;
  }
  // Nothing can be logged to a deleted one, and its name cannot be taken again.
  if (found.deleted) await client.restoreExperiment(found.id);
  return found.id;
}

/**
 * Makes the ledger agree with the server, after a kill between a request and the ledger's write:
 * runs are found by their tags, doubles go, and those that are not there any more are named.
 */
async function reconcile(
  client: MlflowClient,
  ledger: Ledger,
  experimentId: string,
  sweep: SweepId,
  store: string,
  sender: Sender,
): Promise<Set<RunKey>> {
  const there = new Set<string>();
  const doubles = new Set<RunKey>();
  const filter = filterOf(
    new Map([
      [TAG.sweep, sweep],
      ["r4ec.store", store],
    ]),
  );
  for await (const run of client.searchRuns([experimentId], filter)) {
    there.add(run.id);
    const key = keyOf(run.tags);
    if (key === null) continue;
    const known = ledger.runs.get(key);
    if (known === undefined) await ledger.addRun(key, run.id);
    else if (known !== run.id) doubles.add(key);
  }
  const lost = new Set<RunKey>();
  for (const [key, id] of ledger.runs) {
    // A shared stage's run may be another sweep's, in another experiment: ask for it by its id.
    if (there.has(id) || (key.startsWith("stage:") && (await exists(client, id)))) continue;
    lost.add(key);
  }
  await ledger.forget(lost);
  for (const key of lost) doubles.delete(key);
  await sender.runs.removeDoubles(doubles);
  return lost;
}

async function exists(client: MlflowClient, id: string): Promise<boolean> {
  try {
    return !(await client.run(id)).deleted;
  } catch (error) {
    if (error instanceof MlflowFailure && error.kind === "missing") return false;
    throw error;
  }
}
