/**
 * Numbers raw ids from 0 in the order of their first appearance, straight from the bytes of a file:
 * millions of lookups make no string. An open-addressing hash table over one arena of UTF-8 bytes.
 */
export class IdTable {
  private arena = Buffer.alloc(1 << 16);
  /** Id i is bytes `ends[i - 1]` to `ends[i]` of the arena. */
  private ends = new Int32Array(1 << 12);
  /**
   * Pairs of hash and id + 1 (0: free), side by side since a lookup pays for cache misses. The
   * number of pairs is a power of two.
   */
  private slots = new Int32Array(1 << 14);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The number of the id in `bytes[start, end)`; a new one if it was not there. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    // FNV's low bits mix poorly, and they pick the slot.
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    hash ^= hash >>> 13;
    const { slots } = this;
    const mask = slots.length - 2;
    let slot = (hash << 1) & mask;
    for (let held = slots[slot + 1]!; held !== 0; held = slots[slot + 1]!) {
      if (slots[slot] === hash && this.equals(held - 1, bytes, start, end)) return held - 1;
      slot = (slot + 2) & mask;
    }
    slots[slot] = hash;
    slots[slot + 1] = this.add(bytes, start, end) + 1;
    if (this.count * 4 > slots.length) this.rehash();
    return this.count - 1;
  }

  /** The same for an id that is text. */
  internText(text: string): number {
    const bytes = Buffer.from(text, "utf8");
    return this.intern(bytes, 0, bytes.length);
  }

  /** The raw id of number `id`. */
  text(id: number): string {
    return this.arena.toString("utf8", id === 0 ? 0 : this.ends[id - 1]!, this.ends[id]!);
  }

  private equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = id === 0 ? 0 : this.ends[id - 1]!;
    if (this.ends[id]! - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) {
      if (bytes[i] !== this.arena[j]) return false;
    }
    return true;
  }

  private add(bytes: Uint8Array, start: number, end: number): number {
    const id = this.count++;
    const from = id === 0 ? 0 : this.ends[id - 1]!;
    const to = from + end - start;
    if (to > this.arena.length) {
      const arena = Buffer.alloc(Math.max(to, this.arena.length * 2));
      arena.set(this.arena.subarray(0, from));
      this.arena = arena;
    }
    this.arena.set(bytes.subarray(start, end), from);
    if (id === this.ends.length) {
      const ends = new Int32Array(id * 2);
      ends.set(this.ends);
      this.ends = ends;
    }
    this.ends[id] = to;
    return id;
  }

  private rehash(): void {
    const old = this.slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 2;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from]! << 1) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = old[from]!;
      slots[slot + 1] = old[from + 1]!;
    }
    this.slots = slots;
  }
}
