/** Turns text into vectors. */
export interface Embedder {
  /**
   * Embeds texts, none of them empty, in any order: each vector is handed over with its text's
   * place as soon as it is there. Returns early once `stopped` says so.
   */
  embed(
    texts: readonly string[],
    onVectors: (vectors: readonly (readonly [place: number, vector: Float32Array])[]) => void,
    stopped: () => boolean,
  ): Promise<void>;
  close(): Promise<void>;
}
