import type { LiveDisplay } from "./progress.js";

/**
 * A display on stderr, or null where it cannot be drawn on: no terminal, a dumb one, or one without a
 * size; and where a CI system keeps what is written.
 */
export async function liveDisplay(stream = process.stderr): Promise<LiveDisplay | null> {
  const { TERM, CI } = process.env;
  if (stream.isTTY !== true || TERM === "dumb" || isSet(CI)) return null;
  if (!(stream.columns > 0 && stream.rows > 0)) return null;
  const { createLogUpdate } = await import("log-update");
  // The cursor stays: a process that is killed could not bring it back.
  const update = createLogUpdate(stream, { showCursor: true });
  return { show: (text) => update(text), clear: () => update.clear() };
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && value !== "" && value !== "0" && value !== "false";
