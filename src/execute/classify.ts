import type { FailureClass } from "../contract/runner.js";
import type { WorkerExit } from "./worker-process.js";

/** Error codes of Node and of its fetch that say that a network or a server did not answer. */
const NETWORK = new Set([
  ...["ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EPIPE"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_SOCKET"],
  ...["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"],
]);
/** What V8 and C++ say when they get no memory. */
const NO_MEMORY =
  /JavaScript heap out of memory|Array buffer allocation failed|std::bad_alloc|Cannot allocate memory/u;

/** The class of an error that a stage threw, as far as Node tells it; null: it says nothing. */
export function classOfError(error: unknown): FailureClass | null {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as NodeJS.ErrnoException;
    if (code === "ENOMEM" || NO_MEMORY.test(one.message)) return "memory";
    if (code !== undefined && NETWORK.has(code)) return "network";
  }
  return null;
}

/** The class of a worker's unexpected end. */
export function classOfExit(
  { how, lastLines, forMemory }: WorkerExit,
  classify: (words: string) => FailureClass | null,
): FailureClass {
  if (forMemory) return "memory";
  // A process that ends itself writes why; one that was killed does not know.
  if (how === "SIGKILL") return "lost";
  return NO_MEMORY.test(lastLines) ? "memory" : (classify(lastLines) ?? "lost");
}
