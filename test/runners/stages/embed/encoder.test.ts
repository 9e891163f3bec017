import { beforeAll, describe, expect, it } from "vitest";
import type { Embedder } from "../../../../runners/stages/embed/engines/engine.js";
import { loadEncoder } from "../../../../runners/stages/embed/engines/encoder-model.js";
import { INSTALL_TIMEOUT, testToolchain } from "../../../support/toolchain.js";

async function embed(embedder: Embedder, texts: readonly string[]): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  await embedder.embed(
    texts,
    (given) => given.forEach(([place, vector]) => (vectors[place] = vector)),
    () => false,
  );
  return vectors;
}

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, number, n) => sum + number * b[n]!, 0);

describe("the in-process encoder", () => {
  let encoder: Embedder;

  beforeAll(async () => {
    await testToolchain("tensorflow");
    encoder = await loadEncoder(256);
  }, INSTALL_TIMEOUT);

  it("gives 512 numbers of length 1, nearer for texts of like meaning", async () => {
    const [space, ships, cake] = await embed(encoder, [
      "Star Wars (1977). Genres: Action, Science Fiction.",
      "A film about battles between space ships",
      "How to bake a chocolate cake",
    ]);
    expect(space).toHaveLength(512);
    expect(dot(space!, space!)).toBeCloseTo(1, 4);
    expect(dot(space!, ships!)).toBeGreaterThan(dot(space!, cake!) + 0.1);
  });

  it("gives a text the same vector whatever stands beside it in the batch", async () => {
    const texts = ["a", "Toy Story (1995)", "words ".repeat(200), "Fargo (1996). Genre: Thriller."];
    const together = await embed(encoder, texts);
    for (const [place, text] of texts.entries()) {
      const [alone] = await embed(encoder, [text]);
      alone!.forEach((number, n) => expect(number).toBeCloseTo(together[place]![n]!, 5));
    }
  });

  it("cuts texts that are too long", async () => {
    const [short, long] = await embed(await loadEncoder(8), [
      "one two three four five six seven eight",
      "one two three four five six seven eight nine ten",
    ]);
    expect(dot(short!, long!)).toBeCloseTo(1, 5);
  });
});
