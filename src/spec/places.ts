import type { LineCounter } from "yaml";

/** Where a value stands in the text. */
export interface Spot {
  /** Offset of the value. */
  readonly offset: number;
  /** Offset of its key; null for items of a list and for the root. */
  readonly key: number | null;
  /** Entries by key, items by index; null for a scalar. */
  readonly inside: ReadonlyMap<string, Spot> | null;
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

/** Finds the place in the file of anything the spec says. */
export class Places {
  constructor(
    private readonly lines: LineCounter,
    private readonly root: Spot,
  ) {}

  /** The spot of the value at `path` (keys and list indices); undefined where nothing stands. */
  find(path: readonly string[]): Spot | undefined {
    let spot: Spot | undefined = this.root;
    for (const part of path) spot = spot?.inside?.get(part);
    return spot;
  }

  has(path: readonly string[]): boolean {
    return this.find(path) !== undefined;
  }

  /** Line and column of an offset in the text. */
  position(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** The place of the value at `path`, or of the nearest block around it that has a key. */
  value(path: readonly string[]): Position {
    const spot = this.find(path);
    if (spot !== undefined) return this.position(spot.offset);
    return path.length === 0 ? { line: 1, column: 1 } : this.key(path.slice(0, -1));
  }

  /** The place of the key at `path`, or of the nearest one around it. */
  key(path: readonly string[]): Position {
    for (let length = path.length; length > 0; length -= 1) {
      const spot = this.find(path.slice(0, length));
      if (spot !== undefined) return this.position(spot.key ?? spot.offset);
    }
    return { line: 1, column: 1 };
  }
}
