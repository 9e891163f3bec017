import { randomBytes } from "node:crypto";
import {
  chmodSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { openFolderSync } from "../base/folder.js";
import { isErrno } from "../base/errno.js";
import type { JsonObject } from "../base/json.js";
import { blockOf, isJsonObject } from "../base/json.js";
import type { ProcessIdentity } from "../base/process.js";
import { identityOf, isAlive } from "../base/process.js";

/** A process that waits for room on cards that another one holds. */
export interface RoomWish {
  /** Ids of the cards; of one that waits for any card, of all that it may have. */
  readonly cards: readonly string[];
  /** How many of them it waits for, and how much of each, 0 to 1. */
  readonly count: number;
  readonly share: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What a process has said of the cards that it uses. */
export interface CardClaim extends ProcessIdentity {
  /** What it does, for people. */
  readonly purpose: string;
  /** How much it holds, 0 to 1, by the ids of cards. */
  readonly held: { readonly [card: string]: number };
  readonly wishes: readonly RoomWish[];
}

/** Where processes of all users tell each other of their cards, whatever their stores. */
export const CLAIMS_FOLDER = "/tmp/r4ec-cards";

const TOUCH_MILLISECONDS = 10_000;
/** A process that cannot be asked is taken for dead if its file was not touched for this time. */
const PATIENCE_MILLISECONDS = 90_000;
/** What others said is read again after this time: many groups may look for room at once. */
const FRESH_MILLISECONDS = 50;
const TINY = 1e-9;

/**
 * How processes of a machine share its cards: each writes what it holds into a file of its own, and looks
 * at the files of the others after that. Of two that take the same card at the same time, at least one
 * sees the other, and takes its claim back. The file of a process that died counts no more.
 */
export class CardClaims {
  readonly #name = `${process.pid}-${randomBytes(6).toString("hex")}.json`;
  readonly #timer: NodeJS.Timeout;
  #mine: Pick<CardClaim, "held" | "wishes"> = { held: {}, wishes: [] };
  #written = "";
  #seen: { readonly at: number; readonly claims: readonly CardClaim[] } | null = null;

  private constructor(
    /** Absolute. */
    readonly folder: string,
    private readonly purpose: string,
    private readonly fresh: number,
  ) {
    this.#timer = setInterval(() => this.#touch(), TOUCH_MILLISECONDS);
    this.#timer.unref();
  }

  /**
   * @param purpose what this process does, for people
   * @param fresh milliseconds for which it relies on what the others said
   * @throws where the folder cannot be made or written
   */
  static open(folder: string, purpose: string, fresh = FRESH_MILLISECONDS): CardClaims {
    openFolderSync(folder);
    try {
      // As /tmp itself: everybody may write, and remove what is his own.
      chmodSync(folder, 0o1777);
    } catch (error) {
      // Another user made it.
      if (!isErrno(error, "EPERM")) throw error;
    }
    const claims = new CardClaims(folder, purpose, fresh);
    claims.#write();
    return claims;
  }

  /** What the living others have said. */
  others(): readonly CardClaim[] {
    const at = performance.now();
    if (this.#seen !== null && at - this.#seen.at < this.fresh) return this.#seen.claims;
    const claims = this.#read();
    this.#seen = { at, claims };
    return claims;
  }

  /** How much of a card the others hold, 0 to 1. */
  taken(card: string): number {
    return this.others().reduce((sum, { held }) => sum + (held[card] ?? 0), 0);
  }

  /** Says what this process holds from now on; false, and as before, where others hold too much of a card. */
  hold(held: CardClaim["held"]): boolean {
    const before = this.#mine;
    this.#mine = { ...before, held };
    this.#write();
    const grown = Object.keys(held).filter((card) => held[card]! > (before.held[card] ?? 0) + TINY);
    this.#seen = null;
    if (grown.every((card) => held[card]! + this.taken(card) <= 1 + TINY)) return true;
    this.#mine = before;
    this.#write();
    return false;
  }

  /** Says what this process waits for. */
  wish(wishes: readonly RoomWish[]): void {
    this.#mine = { ...this.#mine, wishes };
    this.#write();
  }

  /** This process holds nothing and waits for nothing any more. */
  close(): void {
    clearInterval(this.#timer);
    rmSync(path.join(this.folder, this.#name), { force: true });
  }

  #write(): void {
    const text = JSON.stringify({ ...identityOf(), purpose: this.purpose, ...this.#mine });
    if (text === this.#written) return;
    const file = path.join(this.folder, this.#name);
    const draft = `${file}.draft`;
    writeFileSync(draft, text);
    // Other users are to read it, whatever the umask.
    chmodSync(draft, 0o644);
    renameSync(draft, file);
    this.#written = text;
  }

  #touch(): void {
    try {
      const now = new Date();
      utimesSync(path.join(this.folder, this.#name), now, now);
    } catch {
      // Somebody cleared the folder: the next word writes it again.
      this.#written = "";
    }
  }

  #read(): CardClaim[] {
    const claims: CardClaim[] = [];
    for (const name of readdirSync(this.folder)) {
      if (name === this.#name || !name.endsWith(".json")) continue;
      const file = path.join(this.folder, name);
      const claim = read(file);
      if (claim === null) continue;
      if (lives(claim, file)) claims.push(claim);
      else forget(file);
    }
    return claims;
  }
}

function lives(claim: CardClaim, file: string): boolean {
  const alive = isAlive(claim);
  if (alive !== null) return alive;
  // In another container, with process numbers of its own.
  try {
    return Date.now() - statSync(file).mtimeMs < PATIENCE_MILLISECONDS;
  } catch {
    return false;
  }
}

function forget(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is another user's.
  }
}

/** What a file says; null where it is gone, or says nothing of use. */
function read(file: string): CardClaim | null {
  try {
    const said: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isJsonObject(said) ? claimOf(said) : null;
  } catch {
    return null;
  }
}

/** Anybody may write there: what has another form is left out. */
function claimOf(said: JsonObject): CardClaim | null {
  const { pid, start, host, purpose, wishes } = said;
  if (typeof pid !== "number" || typeof host !== "string") return null;
  const held = Object.entries(blockOf(said, "held")).flatMap(([card, part]) =>
    typeof part === "number" && part > 0 ? [[card, part] as const] : [],
  );
  return {
    pid,
    host,
    start: typeof start === "string" ? start : null,
    purpose: typeof purpose === "string" ? purpose.replace(/\p{C}/gu, " ").slice(0, 200) : "",
    held: Object.fromEntries(held),
    wishes: Array.isArray(wishes) ? wishes.filter(isJsonObject).flatMap(wishOf) : [],
  };
}

function wishOf({ cards, count, share, since }: JsonObject): RoomWish[] {
  return Array.isArray(cards) &&
    typeof count === "number" &&
    typeof share === "number" &&
    typeof since === "number"
    ? [{ cards: cards.map(String), count, share, since }]
    : [];
}
