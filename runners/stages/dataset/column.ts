type Typed = Int32Array | Float64Array | Uint8Array;

/** A column of numbers that grows by blocks, so that growing never copies what is there. */
export class Column<T extends Typed> {
  static readonly blockLength = 1 << 18;
  private readonly blocks: T[] = [];
  private block: T;
  private used = 0;

  constructor(private readonly make: (length: number) => T) {
    this.block = make(Column.blockLength);
  }

  get length(): number {
    return this.blocks.length * Column.blockLength + this.used;
  }

  push(value: number): void {
    if (this.used === Column.blockLength) {
      this.blocks.push(this.block);
      this.block = this.make(Column.blockLength);
      this.used = 0;
    }
    this.block[this.used++] = value;
  }

  /** The column as one array; it is empty afterwards. */
  take(): T {
    const all = this.make(this.length);
    let at = 0;
    for (const block of this.blocks) {
      all.set(block, at);
      at += block.length;
    }
    all.set(this.block.subarray(0, this.used), at);
    this.blocks.length = 0;
    this.used = 0;
    return all;
  }
}
