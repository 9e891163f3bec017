/** What gathering supplies may use. */
export interface GatherTask {
  /** Folder of files that stages have fetched or would fetch (R4EC_DOWNLOADS). */
  readonly downloads: string;
  /** The folder that relative names are relative to. */
  readonly folder: string;
  /** A Python environment of the toolchain, installed where it is missing; its absolute folder. */
  environment(part: string): Promise<string>;
  /** Says a line about the work. */
  say(text: string): void;
  readonly signal?: AbortSignal | undefined;
}

/** Files that belong together at one place. */
export interface GatheredFiles {
  /** One of {@link Supply.places}. */
  readonly place: string;
  /** Absolute paths of the files here, by their paths in the place, with `/` between folders. */
  readonly files: { readonly [name: string]: string };
}

/**
 * Things that stages fetch from a network when they need them. `setup --pack` takes them along, for a
 * machine that has none.
 */
export interface Supply {
  /** The option that names them: `data`. */
  readonly option: string;
  /** For the help. */
  readonly describe: string;
  /** Absolute folders on this machine where stages look for them, by names that every machine shares. */
  places(downloads: string): { readonly [place: string]: string };
  /**
   * Gathers what a name means, fetching what is not there. Throws a UserError where the name means
   * nothing, or where it cannot be fetched.
   */
  gather(name: string, task: GatherTask): Promise<GatheredFiles>;
}
