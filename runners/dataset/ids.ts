/**
 * Numbers raw ids from 0 in the order of their first appearance, straight from the bytes of a file:
 * millions of lookups make no string. An open-addressing hash table over one arena of UTF-8 bytes.
 */
export class IdTable {
  private arena = Buffer.alloc(1 << 16);
  /** Id i is bytes `ends[i - 1]` to `ends[i]` of the arena. */
  private ends = new Int32Array(1 << 12);
  private hashes = new Int32Array(1 << 12);
  /** Id + 1 by hash, 0 where free; the length is a power of two. */
  private slots = new Int32Array(1 << 13);
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
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let held = this.slots[slot]!; held !== 0; held = this.slots[slot]!) {
      if (this.hashes[held - 1] === hash && this.equals(held - 1, bytes, start, end)) {
        return held - 1;
      }
      slot = (slot + 1) & mask;
    }
    return this.add(hash, slot, bytes, start, end);
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

  private add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
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
      this.ends = grown(this.ends);
      this.hashes = grown(this.hashes);
    }
    this.ends[id] = to;
    this.hashes[id] = hash;
    this.slots[slot] = id + 1;
    if (this.count * 2 > this.slots.length) this.rehash();
    return id;
  }

  private rehash(): void {
    const mask = this.slots.length * 2 - 1;
    this.slots = new Int32Array(mask + 1);
    for (let id = 0; id < this.count; id++) {
      let slot = this.hashes[id]! & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = id + 1;
    }
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
