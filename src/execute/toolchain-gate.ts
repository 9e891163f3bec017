import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import type {
  FailureClass,
  ReadyToolchain,
  StageError,
  ToolchainPart,
} from "../contract/runner.js";

/** Makes parts of the toolchain ready; src/toolchain does it. */
export type EnsureToolchain = (
  parts: readonly ToolchainPart[],
  signal: AbortSignal,
) => Promise<Result<ReadyToolchain, UserError>>;

const NOTHING: ReadyToolchain = { environment: {}, paths: { environments: {} }, surroundings: {} };

/** Stands before the stages that need a toolchain: opened once for every set of parts. */
export class ToolchainGate {
  readonly #ready = new Map<string, ReadyToolchain>();
  readonly #asked = new Map<string, Promise<StageError | null>>();
  readonly #abort = new AbortController();
  /** The first error that installing ended with. */
  failure: UserError | null = null;

  /** `classify`: see {@link Science.classify}. */
  constructor(
    private readonly ensure: EnsureToolchain,
    private readonly classify: (words: string) => FailureClass | null,
  ) {}

  /** The toolchain for these parts where it is ready; else null: open it first. */
  ready(parts: readonly ToolchainPart[]): ReadyToolchain | null {
    return parts.length === 0 ? NOTHING : (this.#ready.get(keyOf(parts)) ?? null);
  }

  /**
   * Installs the parts if needed. Gives null, or the error with which every stage that needs them
   * ends.
   */
  open(parts: readonly ToolchainPart[]): Promise<StageError | null> {
    const key = keyOf(parts);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#open(key, parts);
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #open(key: string, parts: readonly ToolchainPart[]): Promise<StageError | null> {
    const { signal } = this.#abort;
    const outcome = await this.ensure(parts, signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (outcome === null || signal.aborted) return null;
    if (outcome.ok) {
      this.#ready.set(key, outcome.value);
      return null;
    }
    this.failure ??= outcome.error;
    const { message, hint } = outcome.error;
    const of = this.classify(message);
    return {
      kind: "machine",
      ...(of !== null && { class: of }),
      message,
      ...(hint === undefined ? {} : { detail: hint }),
    };
  }

  /** The sweep is ending: an installation that is under way stops. */
  leave(): void {
    this.#abort.abort();
  }
}

const keyOf = (parts: readonly ToolchainPart[]): string => [...new Set(parts)].sort().join(" ");
