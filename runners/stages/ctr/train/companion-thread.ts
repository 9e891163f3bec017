import { parentPort, workerData } from "node:worker_threads";
import { quality } from "../metrics.js";
import type { Judged } from "../metrics.js";
import type { Answer, CompanionData, Request } from "./companion.js";
import { epochOrder } from "./order.js";

/** The thread of {@link Companion}: answers one request after the other. */
const data = workerData as CompanionData;
const port = parentPort!;

port.on("message", (request: Request) => {
  const answer = request.kind === "judge" ? judge(request) : orders(request);
  const transfer = answer.flatMap((part) =>
    part instanceof Int32Array ? [part.buffer as ArrayBuffer] : [],
  );
  port.postMessage(answer, transfer);
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

const orders = ({ of }: Extract<Request, { kind: "orders" }>): Answer =>
  of.map(({ seed, epoch }) => epochOrder(data.train, seed, epoch));
