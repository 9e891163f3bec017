import type { FailureClass, StageError } from "../contract/runner.js";
import { durationText } from "./numbers.js";

const CLASSES: { readonly [name in FailureClass]: string | null } = {
  memory: "out of memory",
  gpu_memory: "out of GPU memory",
  gpu: "GPU",
  timeout: null,
  lost: null,
  network: "network",
  disk: null,
  other: null,
};

/** A failure after which a stage is tried again, and what the next try does differently, in a line. */
export function retryText(retry: {
  readonly error: StageError;
  readonly changed: string | null;
  readonly wait?: number;
}): string {
  const { error, changed, wait } = retry;
  const named = error.class === undefined ? null : CLASSES[error.class];
  const first = error.message.split("\n", 1)[0]!;
  const said = named === null ? first : `${named}: ${first}`;
  const when = wait !== undefined && wait > 0 ? ` in ${durationText(wait)}` : "";
  return `${said}; the stage is tried again${when}${changed === null ? "" : `, ${changed}`}`;
}

/** What is told of a failure below its message: the last lines of the log, and where the log is. */
export const errorDetails = ({ detail, log }: StageError): readonly string[] => [
  ...(detail === undefined ? [] : [detail]),
  ...(log === undefined ? [] : [`log: ${log}`]),
];
