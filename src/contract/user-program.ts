/** A program of the user's own that stages of a spec run. */
export interface UserProgram {
  /** What the spec calls it. */
  readonly name: string;
  /** Absolute path of what is started; null where the machine has no such program. */
  readonly program: string | null;
  /** Absolute path of the Python in which it runs; null where it runs in none, or none is known. */
  readonly python: string | null;
  /** Absolute folder of the Python environment that the spec names for it; null: none. */
  readonly environment: string | null;
  /** Its own files, by their absolute paths. */
  readonly files: readonly string[];
}
