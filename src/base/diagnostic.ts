/** A mistake, a doubt or a remark about a spec, at the place in the file where it stands. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "hint";
  /** What is wrong and what would be right, in one or two sentences. */
  readonly message: string;
  /** The file as the user gave it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** Dotted path of the setting (`model.rate`), or null where there is none. */
  readonly path: string | null;
}

/** A finding of the science about settings, before the spec reader gives it a place in the file. */
export interface Finding {
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  /** Dotted path of the setting the finding is about. */
  readonly path: string;
  /** True where the data alone is missing on this machine: an estimate goes on without it. */
  readonly absent?: boolean;
}
