/** A place in one of the texts that a spec is made of. */
export interface Position {
  /** The file as a message names it; of a setting on the command line: `command line: PATH=VALUE`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

/** A text that a spec, or a part of it, was read from. */
export interface SpecText {
  readonly file: string;
  /** Line and column of an offset in the text. */
  position(offset: number): Position;
}

/** Where a value stands. */
export interface Spot {
  /** The text that it stands in: a spec may be put together from several. */
  readonly text: SpecText;
  /** Offset of the value. */
  readonly offset: number;
  /** Offset of its key; null for items of a list and for the root. */
  readonly key: number | null;
  /** Entries by key, items by index; null for a scalar. */
  readonly inside: ReadonlyMap<string, Spot> | null;
}

/** A value with the place of everything in it. */
export interface Placed<T> {
  readonly value: T;
  readonly spot: Spot;
}

/** Finds the place of anything the spec says. */
export class Places {
  constructor(private readonly root: Spot) {}

  /** The spot of the value at `path` (keys and list indices); undefined where nothing stands. */
  find(path: readonly string[]): Spot | undefined {
    let spot: Spot | undefined = this.root;
    for (const part of path) spot = spot?.inside?.get(part);
    return spot;
  }

  has(path: readonly string[]): boolean {
    return this.find(path) !== undefined;
  }

  /** The place of the value at `path`, or of the nearest block around it that has a key. */
  value(path: readonly string[]): Position {
    const spot = this.find(path);
    if (spot !== undefined) return spot.text.position(spot.offset);
    return path.length === 0 ? this.#start() : this.key(path.slice(0, -1));
  }

  /** The place of the key at `path`, or of the nearest one around it. */
  key(path: readonly string[]): Position {
    for (let length = path.length; length > 0; length -= 1) {
      const spot = this.find(path.slice(0, length));
      if (spot !== undefined) return spot.text.position(spot.key ?? spot.offset);
    }
    return this.#start();
  }

  #start(): Position {
    return { file: this.root.text.file, line: 1, column: 1 };
  }
}
