import { createLogUpdate } from "log-update";
import type { Part, Say, SetupMessage } from "./parts.js";

/** Seconds between two progress lines if the output is not a terminal. */
const QUIET_SECONDS = 10;

/** Shows what installations say: lines that stay, and under them one live line per part. */
export interface SetupDisplay {
  readonly say: Say;
  /** Takes the live lines away. */
  close(): void;
}

/**
 * A display on a stream, standard error by default. On a terminal the live lines are rewritten in
 * place; elsewhere each is written at most every ten seconds.
 */
export function showSetup(stream: NodeJS.WriteStream = process.stderr): SetupDisplay {
  return stream.isTTY ? liveDisplay(stream) : plainDisplay(stream);
}

function liveDisplay(stream: NodeJS.WriteStream): SetupDisplay {
  const live = new Map<Part, string>();
  const update = createLogUpdate(stream, { showCursor: true });
  const draw = (): void => update([...live.values()].join("\n"));
  return {
    say(message: SetupMessage) {
      if (message.transient) {
        live.set(message.part, message.text);
        draw();
        return;
      }
      live.delete(message.part);
      update.clear();
      stream.write(`${message.text}\n`);
      draw();
    },
    close: () => update.clear(),
  };
}

function plainDisplay(stream: NodeJS.WriteStream): SetupDisplay {
  const last = new Map<Part, number>();
  return {
    say(message) {
      const now = performance.now();
      const quiet = now - (last.get(message.part) ?? 0) < QUIET_SECONDS * 1000;
      if (message.transient && quiet) return;
      last.set(message.part, now);
      stream.write(`${message.text}\n`);
    },
    close: () => undefined,
  };
}
