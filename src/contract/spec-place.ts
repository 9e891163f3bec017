/** What a science needs to know about where a spec stands. */
export interface SpecPlace {
  /** Absolute folder of the spec; relative paths in settings start here. */
  readonly folder: string;
}
