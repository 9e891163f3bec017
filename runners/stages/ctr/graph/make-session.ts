import { classOfWords } from "../../../base/python/failure-words.js";
import { EagerSession } from "./eager-session.js";
import { GraphSession } from "./graph-session.js";
import type { FunctionSpec, Session } from "./session.js";

/** How functions are to run. */
export interface MakeOptions {
  readonly engine: "auto" | "graph" | "eager";
  /** Compile every function as one program with XLA. */
  readonly xla: boolean;
  /** Called with the reason if functions run eagerly although a graph was wanted. */
  readonly onFallback?: (reason: string) => void;
}

/**
 * A graph of the functions. If they can't become a graph and the engine is `auto`, they run operation
 * by operation, and `onFallback` is called with the reason. Throws where memory is full.
 */
export async function makeSession(
  functions: { readonly [name: string]: FunctionSpec },
  { engine, xla, onFallback }: MakeOptions,
): Promise<Session> {
  if (engine === "eager") return new EagerSession(functions);
  try {
    return await GraphSession.create(functions, { xla });
  } catch (error) {
    const { message } = error as Error;
    // A full memory says nothing about the functions; operation by operation they would need more.
    if (engine === "graph" || classOfWords(message) !== null) throw error;
    onFallback?.(message);
    return new EagerSession(functions);
  }
}
