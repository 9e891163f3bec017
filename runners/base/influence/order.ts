/** Indices by ascending value: a radix sort, several times faster than a comparing one. */
export function ascending(values: Float32Array): Uint32Array {
  const n = values.length;
  // As unsigned integers, floats order like themselves once negative ones are flipped whole.
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < n; i++)
    bits[i] = bits[i]! ^ (bits[i]! & 0x80000000 ? 0xffffffff : 0x80000000);
  let from = new Uint32Array(n);
  for (let i = 0; i < n; i++) from[i] = i;
  let to = new Uint32Array(n);
  for (let shift = 0; shift < 32; shift += 11) {
    const starts = new Uint32Array(2049);
    for (let i = 0; i < n; i++) starts[((bits[i]! >>> shift) & 2047) + 1]!++;
    for (let digit = 0; digit < 2048; digit++) starts[digit + 1]! += starts[digit]!;
    for (let i = 0; i < n; i++) {
      const index = from[i]!;
      to[starts[(bits[index]! >>> shift) & 2047]!++] = index;
    }
    [from, to] = [to, from];
  }
  return from;
}
