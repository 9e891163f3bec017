import { parentPort, workerData } from "node:worker_threads";
import { quality } from "../metrics.js";
import type { Judged } from "../metrics.js";
import type { Answer, CompanionData, Request } from "./companion.js";
import { epochSamples, type EpochSamples } from "./epoch-samples.js";
import { epochOrder } from "./order.js";
import type { RowIds } from "./room.js";

/** The thread of {@link Companion}: answers one request after the other. */
const data = workerData as CompanionData;
const port = parentPort!;

/** User and item of each row, once they are needed. */
let ids: RowIds | null = null;

port.on("message", (request: Request) => {
  if (request.kind === "ids") ids = request.ids;
  else if (request.kind === "judge") port.postMessage(judge(request));
  else {
    const answer = samples(request);
    port.postMessage(answer, buffersOf(answer));
  }
});

function judge({ split, scores }: Extract<Request, { kind: "judge" }>): Answer {
  const { labels, users } = data[split];
  return scores.map((own): Judged => {
    try {
      return quality(own, labels, users);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { fault: error.message };
    }
  });
}

function samples({ of, layout }: Extract<Request, { kind: "samples" }>): EpochSamples {
  // Cells that differ in their settings alone often have the same seed.
  const known = new Map<string, Int32Array>();
  const orders = of.map(({ seed, epoch }) => {
    const order = known.get(`${seed} ${epoch}`) ?? epochOrder(data.train, seed, epoch);
    known.set(`${seed} ${epoch}`, order);
    return order;
  });
  return epochSamples(orders, layout, ids);
}

/** They are handed over, not copied. */
const buffersOf = ({ rows, distinct }: EpochSamples): ArrayBuffer[] =>
  [rows, ...(distinct?.places ?? []), ...(distinct?.firsts ?? [])].map(
    ({ buffer }) => buffer as ArrayBuffer,
  );
