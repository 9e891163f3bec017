/** A vocabulary: each piece with its log-probability; a piece's place is its id, id 0 is unknown. */
export type Vocabulary = readonly (readonly [piece: string, score: number])[];

/** Ids below this are control symbols, which no text is split into. */
const CONTROL_SYMBOLS = 6;
const UNKNOWN = 0;
/** What an unknown character costs below the rarest piece, as SentencePiece has it. */
const UNKNOWN_PENALTY = 10;
const SPACE = "\u2581";

interface Node {
  readonly next: Map<string, Node>;
  id: number;
}

/**
 * Splits text by a unigram language model (Kudo 2018, arXiv 1804.10959; what SentencePiece calls
 * unigram): of all ways to write the text in pieces, the one of the greatest likelihood, found by
 * Viterbi's algorithm over characters. Text is NFKC-normalised, runs of white space become one
 * space, spaces are written as U+2581, one stands before the first word; neighbouring unknown
 * characters make one unknown piece.
 */
export class UnigramTokenizer {
  private readonly root: Node = { next: new Map(), id: -1 };
  private readonly unknownScore: number;

  constructor(private readonly vocabulary: Vocabulary) {
    let lowest = 0;
    for (let id = CONTROL_SYMBOLS; id < vocabulary.length; id++) {
      const [piece, score] = vocabulary[id]!;
      lowest = Math.min(lowest, score);
      let node = this.root;
      for (const character of piece) {
        let next = node.next.get(character);
        if (next === undefined) node.next.set(character, (next = { next: new Map(), id: -1 }));
        node = next;
      }
      // Of pieces that stand twice the first counts.
      if (node.id < 0) node.id = id;
    }
    this.unknownScore = lowest - UNKNOWN_PENALTY;
  }

  /** Piece ids of a text; empty for a text of white space alone. */
  encode(text: string): number[] {
    const words = text.normalize("NFKC").replace(/\s+/gu, " ").trim();
    if (words === "") return [];
    const characters = [...(SPACE + words.replaceAll(" ", SPACE))];
    const length = characters.length;
    const best = new Float64Array(length + 1).fill(-Infinity);
    const from = new Int32Array(length + 1);
    const piece = new Int32Array(length + 1);
    best[0] = 0;
    for (let start = 0; start < length; start++) {
      const here = best[start]!;
      const offer = (end: number, id: number, score: number): void => {
        if (here + score <= best[end]!) return;
        best[end] = here + score;
        from[end] = start;
        piece[end] = id;
      };
      let single = false;
      let node: Node | undefined = this.root;
      for (let end = start; end < length; end++) {
        node = node.next.get(characters[end]!);
        if (node === undefined) break;
        if (node.id < 0) continue;
        single ||= end === start;
        offer(end + 1, node.id, this.vocabulary[node.id]![1]);
      }
      if (!single) offer(start + 1, UNKNOWN, this.unknownScore);
    }
    return this.backtrack(length, from, piece);
  }

  private backtrack(length: number, from: Int32Array, piece: Int32Array): number[] {
    const ids: number[] = [];
    for (let end = length; end > 0; end = from[end]!) {
      const id = piece[end]!;
      if (id !== UNKNOWN || ids.at(-1) !== UNKNOWN) ids.push(id);
    }
    return ids.reverse();
  }
}
