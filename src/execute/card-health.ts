import type { Fingerprint } from "../base/fingerprint.js";
import type { StageError } from "../contract/runner.js";
import type { GpuDevice } from "./gpus.js";
import type { ListedCard } from "./nvidia-smi.js";
import { listCards } from "./nvidia-smi.js";

/** A card that is taken out, and why, for people. */
export interface CardOut {
  readonly gpu: number;
  readonly why: string;
}

/** What a failure says about the cards of its stage. */
export interface CardVerdict {
  /** Cards that are taken out by it. */
  readonly out: readonly CardOut[];
  /** The stage was on a card that is out of order: the failure is not its own. */
  readonly innocent: boolean;
  /** Cards that the stage is not to be tried on again, as long as there are others. */
  readonly avoid: ReadonlySet<number>;
  /** Cards that are to be left alone for a while. */
  readonly rest: readonly number[];
  /** Cards that the stage failed on before this one, in the same way: the fault is its own. */
  readonly also: readonly number[];
}

/** After a stage blamed a card without proof, the card rests until the stage has run elsewhere, or so long. */
export const REST_MILLISECONDS = 60_000;

/** Stages of one group that fail come within this time. */
const TOGETHER_MILLISECONDS = 500;

/**
 * Which cards of a sweep are out of order. nvidia-smi's word is proof. What a program says (no device, a
 * memory error, a launch that failed) may be its own fault as well: so the stage is tried on another card.
 * If it runs there, the first card is out; if it fails there in the same way, the fault is the stage's.
 */
export class CardHealth {
  readonly #out = new Map<number, string>();
  /** Stages that blamed a card, by the card; they ran nowhere else yet. */
  readonly #blamedBy = new Map<number, Set<Fingerprint>>();
  #looked: { readonly at: number; readonly cards: ReturnType<CardHealth["look"]> } | null = null;
  readonly #failedOn = new Map<Fingerprint, Set<number>>();
  /** Errors of the cards' memory when the sweep began, by UUID. */
  readonly #before: Promise<ReadonlyMap<string, number>>;

  constructor(
    private readonly gpus: readonly GpuDevice[],
    private readonly look: () => Promise<readonly ListedCard[] | null> = () =>
      listCards(process.env),
  ) {
    this.#before = (gpus.length === 0 ? Promise.resolve(null) : look()).then(
      (cards) => new Map((cards ?? []).map((card) => [card.uuid ?? "", card.memoryErrors ?? 0])),
    );
  }

  /** Why the cards that are out are so: `GPU 0: it is lost; GPU 3: …`. */
  get reasons(): string {
    return [...this.#out].map(([gpu, why]) => `GPU ${gpu}: ${why}`).join("; ");
  }

  /** A stage has failed on these cards. */
  async failed(
    stage: Fingerprint,
    gpus: readonly number[],
    error: StageError,
  ): Promise<CardVerdict> {
    const sick = await this.#sickOf(gpus);
    const out = sick.filter(({ gpu }) => !this.#out.has(gpu));
    for (const { gpu, why } of out) this.#takeOut(gpu, why);
    const none = { out, innocent: sick.length > 0, avoid: new Set<number>(), rest: [], also: [] };
    if (sick.length > 0 || error.class !== "gpu") return none;
    const before = this.#failedOn.get(stage) ?? new Set();
    const also = [...before].filter((gpu) => !gpus.includes(gpu));
    const avoid = new Set([...before, ...gpus]);
    this.#failedOn.set(stage, avoid);
    if (also.length > 0) {
      for (const blamed of this.#blamedBy.values()) blamed.delete(stage);
      return { ...none, avoid, also };
    }
    // Of several cards nobody can say which one it was.
    const [gpu] = gpus;
    if (gpus.length > 1 || gpu === undefined) return { ...none, avoid };
    this.#blamedBy.set(gpu, (this.#blamedBy.get(gpu) ?? new Set()).add(stage));
    return { ...none, avoid, rest: [gpu] };
  }

  /** A stage has run on these cards: gives those that it had blamed, which are out by that. */
  worked(stage: Fingerprint, gpus: readonly number[]): readonly CardOut[] {
    for (const gpu of gpus) this.#blamedBy.delete(gpu);
    const out: CardOut[] = [];
    for (const [gpu, stages] of this.#blamedBy) {
      if (!stages.has(stage)) continue;
      const why = `a stage failed on it, and ran on GPU ${gpus.join(", ")}`;
      this.#takeOut(gpu, why);
      out.push({ gpu, why });
    }
    return out;
  }

  /** Whether a card is still under suspicion. */
  isBlamed(gpu: number): boolean {
    return (this.#blamedBy.get(gpu)?.size ?? 0) > 0;
  }

  #takeOut(gpu: number, why: string): void {
    this.#out.set(gpu, why);
    this.#blamedBy.delete(gpu);
  }

  /** A look for all stages that failed together. */
  #lookNow(): Promise<readonly ListedCard[] | null> {
    const now = performance.now();
    if (this.#looked === null || now - this.#looked.at > TOGETHER_MILLISECONDS) {
      this.#looked = { at: now, cards: this.look() };
    }
    return this.#looked.cards;
  }

  /** The cards that nvidia-smi says are out of order; none where it does not answer. */
  async #sickOf(gpus: readonly number[]): Promise<CardOut[]> {
    const [cards, before] = await Promise.all([this.#lookNow(), this.#before]);
    if (cards === null) return [];
    return gpus.flatMap((gpu) => {
      const device = this.gpus.find(({ index }) => index === gpu);
      const why = device === undefined ? null : sicknessOf(device, cards, before);
      return why === null ? [] : [{ gpu, why }];
    });
  }
}

function sicknessOf(
  { id, index, instance }: GpuDevice,
  cards: readonly ListedCard[],
  before: ReadonlyMap<string, number>,
): string | null {
  const named = /^(?:GPU|MIG)-/.test(id);
  const card = cards.find((one) =>
    instance ? one.instances.includes(id) : named ? one.uuid === id : one.index === index,
  );
  if (card === undefined) return "nvidia-smi does not list it any more";
  if (card.sick !== null) return `nvidia-smi says: ${card.sick}`;
  const errors = (card.memoryErrors ?? 0) - (before.get(card.uuid ?? "") ?? 0);
  if (errors <= 0) return null;
  return `its memory has had ${errors} errors since the sweep began that could not be mended (ECC)`;
}
