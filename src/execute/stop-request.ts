import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { writeDurable } from "../store/index.js";

/** How a sweep is asked to stop: at the next checkpoints, or at once. */
export type StopRequest = "drain" | "now";

// A file, not a signal: the sweep may run on another machine that shares the store.
const fileIn = (sweepFolder: string): string => path.join(sweepFolder, "stop");

/** Asks the run of a sweep to stop. */
export const requestStop = (sweepFolder: string, how: StopRequest): Promise<void> =>
  writeDurable(fileIn(sweepFolder), how);

/** Removes a request: a request for an earlier run does not count for the next run. */
export const forgetStop = (sweepFolder: string): Promise<void> =>
  rm(fileIn(sweepFolder), { force: true });

/** Calls back as requests come in, until the function it gives is called. */
export function watchStop(
  sweepFolder: string,
  callback: (request: StopRequest) => void,
): () => void {
  let last = "";
  const timer = setInterval(() => {
    readFile(fileIn(sweepFolder), "utf8").then(
      (text) => {
        if (text !== last && (text === "drain" || text === "now")) callback(text);
        last = text;
      },
      () => undefined,
    );
  }, 400);
  timer.unref();
  return () => clearInterval(timer);
}
