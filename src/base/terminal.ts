import { createColors } from "picocolors";

export type Colours = ReturnType<typeof createColors>;

/** Colours for a stream: none where it is no terminal, NO_COLOR is set or the terminal is dumb. */
export const colours = (stream: NodeJS.WriteStream): Colours =>
  createColors(stream.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb");

/** Writes text to a stream; resolves when the stream has taken it, or is gone. */
export const write = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((resolve) => stream.write(text, () => resolve()));

/** A line of results. */
export const printLine = (text: string): Promise<void> => write(process.stdout, `${text}\n`);

/** A result as JSON. */
export const printJson = (value: unknown): Promise<void> =>
  write(process.stdout, `${JSON.stringify(value, null, 2)}\n`);
