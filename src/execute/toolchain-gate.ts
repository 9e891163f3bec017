import type { UserError } from "../exit.js";
import type { Result } from "../result.js";
import type { StageError, ToolchainPart } from "../runner.js";
import type { ReadyToolchain } from "./executor.js";

/** Makes parts of the toolchain ready; src/toolchain does it. */
export type EnsureToolchain = (
  parts: readonly ToolchainPart[],
) => Promise<Result<ReadyToolchain, UserError>>;

const NOTHING: ReadyToolchain = { environment: {}, paths: { llmEnvironment: null } };

/** Stands before the stages that need a toolchain: opened once for every set of parts. */
export class ToolchainGate {
  readonly #ready = new Map<string, ReadyToolchain>();
  readonly #asked = new Map<string, Promise<StageError | null>>();
  #leave: () => void = () => undefined;
  readonly #left: Promise<null>;
  /** The first error that installing ended with. */
  failure: UserError | null = null;

  constructor(private readonly ensure: EnsureToolchain) {
    this.#left = new Promise((resolve) => {
      this.#leave = () => resolve(null);
    });
  }

  /** The toolchain for these parts where it is ready; else null: open it first. */
  ready(parts: readonly ToolchainPart[]): ReadyToolchain | null {
    return parts.length === 0 ? NOTHING : (this.#ready.get(keyOf(parts)) ?? null);
  }

  /** Makes the parts ready: null, or the error that every stage in need of them ends with. */
  open(parts: readonly ToolchainPart[]): Promise<StageError | null> {
    const key = keyOf(parts);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = Promise.race([this.#open(key, parts), this.#left]);
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #open(key: string, parts: readonly ToolchainPart[]): Promise<StageError | null> {
    const outcome = await this.ensure(parts);
    if (outcome.ok) {
      this.#ready.set(key, outcome.value);
      return null;
    }
    this.failure ??= outcome.error;
    const { message, hint } = outcome.error;
    return { kind: "machine", message, ...(hint === undefined ? {} : { detail: hint }) };
  }

  /** The sweep is ending: nobody waits for an installation any more. */
  leave(): void {
    this.#leave();
  }
}

const keyOf = (parts: readonly ToolchainPart[]): string => [...new Set(parts)].sort().join(" ");
