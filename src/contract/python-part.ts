/** One call of `uv pip install`: its arguments, and others to try in turn where it fails. */
export type InstallStep = readonly (readonly string[])[];

/** What some stages do in an environment, and what they need for it. */
export interface PythonUse {
  /** For people: `training`. */
  readonly does: string;
  /** Modules that its programs import. */
  readonly modules: readonly string[];
}

/** A Python environment as a part of the toolchain: what is in it, and how it is seen to work. */
export interface PythonPart {
  /** Name of the part: runners ask for it by this name, `setup --only` installs it. */
  readonly part: string;
  /** `mlflow-3.17.2`: the readable part of the folder's name. */
  readonly name: string;
  /** What the steps install, for people, in a few words and in full. */
  readonly title: string;
  readonly contents: string;
  /** What does not work on this machine while the part is missing; shown by `doctor`. */
  readonly without: string;
  /** Absolute paths of the lists of requirements that decide what is in it. */
  readonly lists: readonly string[];
  /** True where a machine with a GPU gets other packages than one without. */
  readonly byFlavour: boolean;
  readonly steps: (flavour: "cpu" | "gpu") => readonly InstallStep[];
  /** Single-file modules to write into site-packages unless a real one is there, by file name. */
  readonly modules: { readonly [file: string]: string };
  /** A Python program that imports what is needed and fails where that does not work. */
  readonly trial: string;
  /** Programs that must be there. */
  readonly programs: readonly string[];
  /**
   * What stages use it for, by name. A runner that asks for `lab.train` needs the use `train` of the part
   * `lab`; one that asks for `lab` needs its interpreter alone.
   */
  readonly uses: { readonly [use: string]: PythonUse };
}
