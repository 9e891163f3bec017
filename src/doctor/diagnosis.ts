/** What `doctor` found about one part. */
export interface Diagnosis {
  /** `tensorflow`, `tracking`, `store`: stable, for programs. */
  readonly name: string;
  /** `failed`: there, but does not work; `missing`: not installed. */
  readonly state: "ok" | "warning" | "missing" | "failed";
  /** Whether sweeps need it: a needed part that is not ok makes exit status 3. */
  readonly needed: boolean;
  /** What was found, in a line or a few. */
  readonly detail: string;
  /** How to repair it; null if nothing has to be repaired. */
  readonly mend: string | null;
}
