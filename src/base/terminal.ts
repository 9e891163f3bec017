import { createColors } from "picocolors";
import type { Json } from "./json.js";
import { redact, redactJson } from "./redact.js";

export type Colours = ReturnType<typeof createColors>;

/** Colours for a stream: none where it is no terminal, NO_COLOR is set or the terminal is dumb. */
export const colours = (stream: NodeJS.WriteStream): Colours =>
  createColors(stream.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb");

/**
 * From now on no text reaches this process's output with a secret in it: whoever writes, a live
 * display or a package, writes through the redactor.
 */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    stream.write = (chunk: unknown, ...rest: unknown[]): boolean =>
      write(typeof chunk === "string" ? redact(chunk) : chunk, ...rest);
  }
}

/** Writes text to a stream; resolves when the stream has taken it, or is gone. */
export const write = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((resolve) => stream.write(text, () => resolve()));

/** A line of results. */
export const printLine = (text: string): Promise<void> => write(process.stdout, `${text}\n`);

/** A result as JSON. */
export const printJson = (value: unknown): Promise<void> => {
  // What JSON.stringify would write, so that secrets are looked for in texts alone.
  const plain = JSON.parse(JSON.stringify(value)) as Json;
  return write(process.stdout, `${JSON.stringify(redactJson(plain), null, 2)}\n`);
};
