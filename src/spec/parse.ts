import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from "yaml";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../base/json.js";
import { learnSecrets } from "../base/redact.js";
import { fillIn, type Variables } from "./fill-in.js";
import type { Placed, Position, SpecText, Spot } from "./places.js";
import type { Source } from "./source.js";
import { syntaxMessage } from "./syntax.js";

/** A mistake in the YAML itself. */
export interface Mistake {
  readonly position: Position;
  readonly message: string;
  /** The key it is about, where it is about one. */
  readonly path: readonly string[] | null;
}

export interface Parsed {
  /** What the file says; null where it is too broken to say anything. */
  readonly value: Json;
  /** Where everything in it stands. */
  readonly spot: Spot;
  /** True where the text holds a comment. */
  readonly hasComment: boolean;
  /** The variables that were filled in, with what was put in their place. */
  readonly filled: ReadonlyMap<string, string>;
  readonly mistakes: readonly Mistake[];
  /** True when the mistakes leave the rest of the file readable, so that it can be checked too. */
  readonly readable: boolean;
}

/** Values that aliases may add to a file; a spec that needs more is a bomb or a mistake. */
const aliasBudget = 100_000;

/** A text that stands alone in its file. */
const textOf = (file: string, lines: LineCounter): SpecText => ({
  file,
  position: (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  },
});

/**
 * Parses YAML 1.2, keeps the position of every key and value, and fills in variables.
 *
 * @param within turns the places of the text into those of a text that it is a part of
 */
export function parseYaml(
  source: Pick<Source, "file" | "text">,
  variables: Variables = process.env,
  within: (text: SpecText) => SpecText = (text) => text,
): Parsed {
  const lines = new LineCounter();
  const mistakes: Mistake[] = [];
  const text = within(textOf(source.file, lines));
  let document = compose(source.text, lines);
  const tabs = document.errors.filter((error) => error.code === "TAB_AS_INDENT");
  const report = (errors: readonly YAMLError[]): void => {
    for (const error of errors) {
      const message = syntaxMessage(error, source.text);
      if (message === null) continue;
      const position = text.position(error.pos[0]);
      if (mistakes.some((other) => isDeepStrictEqual(other.position, position))) continue;
      mistakes.push({ position, message, path: null });
    }
  };
  if (tabs.length > 0) {
    // With a space for each tab the rest of the file can often be checked as well.
    const mended = compose(
      source.text.replace(/^[ \t]*\t[ \t]*/gm, (indent) => " ".repeat(indent.length)),
      new LineCounter(),
    );
    if (mended.errors.length === 0) {
      report(tabs);
      document = mended;
    }
  }
  report(document.errors);
  report(document.warnings);
  const broken = document.errors.length > 0;
  const version = document.directives?.yaml;
  if (version?.explicit === true && version.version !== "1.2") {
    const message = `r4ec reads YAML 1.2; remove the directive %YAML ${version.version}`;
    const position = text.position(source.text.indexOf("%YAML"));
    mistakes.push({ position, message, path: null });
  }
  const reader = new Reader(source.text, text, mistakes, variables);
  const { value, spot } = reader.read(document.contents, null, []);
  // What a message repeats of this file must hold no password of it, in whatever spelling.
  learnSecrets(value);
  return {
    value: broken ? null : value,
    spot,
    hasComment: document.comment !== null || document.commentBefore !== null || reader.comments,
    filled: reader.filled,
    mistakes,
    readable: !broken && !reader.exhausted && !reader.unreadable,
  };
}

const compose = (text: string, lines: LineCounter) =>
  parseDocument(text, {
    version: "1.2",
    schema: "core",
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    logLevel: "error",
  });

/** Turns nodes into values and spots, and finds what the parser lets pass. */
class Reader {
  /** True once aliases have added more than the budget. */
  exhausted = false;
  /** True if a value has no meaning, so that no message may follow from it. */
  unreadable = false;
  /** True where a comment stands at a value. */
  comments = false;
  readonly filled = new Map<string, string>();
  #aliased = 0;
  #inAlias = 0;
  readonly #open = new Set<Node>();
  readonly #anchors = new Map<string, Node>();

  constructor(
    private readonly written: string,
    private readonly text: SpecText,
    private readonly mistakes: Mistake[],
    private readonly variables: Variables,
  ) {}

  read(node: unknown, key: number | null, path: readonly string[]): Placed<Json> {
    const { comment, commentBefore } = (node ?? {}) as {
      comment?: unknown;
      commentBefore?: unknown;
    };
    if (comment != null || commentBefore != null) this.comments = true;
    const range = (node as Node | null)?.range;
    // Nothing after a key stands at the key.
    const nothing = key !== null && range !== undefined && range?.[0] === range?.[1];
    const offset = nothing ? key : (range?.[0] ?? key ?? 0);
    const spot: Spot = { text: this.text, offset, key, inside: null };
    if (isAlias(node)) return this.#alias(node, key, path);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, node as Node);
    if (this.#inAlias > 0 && ++this.#aliased > aliasBudget) {
      if (!this.exhausted) this.#wrong(offset, "aliases make this file grow without end", null);
      this.exhausted = true;
      return { value: null, spot };
    }
    if (isMap(node) || isSeq(node)) {
      this.#open.add(node);
      const result = isMap(node) ? this.#map(node, spot, path) : this.#list(node, spot, path);
      this.#open.delete(node);
      return result;
    }
    const value = isScalar(node) ? this.#scalar(node.value, offset, path) : null;
    return { value, spot };
  }

  #alias(node: Alias, key: number | null, path: readonly string[]): Placed<Json> {
    const offset = node.range?.[0] ?? 0;
    const nothing = { value: null, spot: { text: this.text, offset, key, inside: null } };
    if (this.exhausted) return nothing;
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      this.#wrong(offset, `no anchor &${node.source} stands before this alias`, path);
      return nothing;
    }
    if (this.#open.has(target)) {
      this.#wrong(
        offset,
        `the anchor &${node.source} holds itself, so it expands without end`,
        path,
      );
      return nothing;
    }
    const before = this.exhausted;
    this.#inAlias += 1;
    const { value, spot } = this.read(target, key, path);
    this.#inAlias -= 1;
    if (this.exhausted && !before) {
      // Said once, at the outermost place that can be read.
      const last = this.mistakes.pop()!;
      const message = `the alias *${node.source} expands without end (more than ${aliasBudget} values)`;
      this.mistakes.push({ ...last, position: this.text.position(offset), message });
    }
    return { value, spot: { ...spot, key } };
  }

  #map(node: { items: readonly unknown[] }, spot: Spot, path: readonly string[]): Placed<Json> {
    const entries = new Map<string, Json>();
    const inside = new Map<string, Spot>();
    for (const item of node.items as { key: unknown; value: unknown }[]) {
      const at = (item.key as Node | null)?.range?.[0] ?? spot.offset;
      const name = isScalar(item.key) ? String(item.key.value) : null;
      if (name === null) {
        this.#wrong(at, "a key must be plain text", path);
        continue;
      }
      if (name.includes("\0")) {
        this.#wrong(at, "this key holds a NUL character (\\0)", path);
        continue;
      }
      const here = [...path, name];
      if (name === "<<") {
        const message = "merge keys (<<) are not part of YAML 1.2; write the settings out";
        this.#wrong(at, message, here);
        continue;
      }
      const { value, spot: inner } = this.read(item.value, at, here);
      const first = inside.get(name);
      if (first === undefined) {
        entries.set(name, value);
        inside.set(name, inner);
      } else {
        const message = `the key ${JSON.stringify(name)} stands twice in one mapping; remove one`;
        this.#wrong(at, message, here);
      }
    }
    return { value: Object.fromEntries(entries), spot: { ...spot, inside } };
  }

  #list(node: { items: readonly unknown[] }, spot: Spot, path: readonly string[]): Placed<Json> {
    const values: Json[] = [];
    const inside = new Map<string, Spot>();
    for (const [index, item] of node.items.entries()) {
      const { value, spot: inner } = this.read(item, null, [...path, String(index)]);
      values.push(value);
      inside.set(String(index), inner);
    }
    return { value: values, spot: { ...spot, inside } };
  }

  #scalar(value: unknown, offset: number, path: readonly string[]): Json {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) {
        this.#wrong(offset, "numbers must be finite", path);
        return 0;
      }
      if (Number.isInteger(value) && !Number.isSafeInteger(value) && this.#whole(offset)) {
        this.#wrong(offset, "this whole number is too large to be kept exactly", path);
      }
      return value;
    }
    if (typeof value === "string" && !value.isWellFormed()) {
      this.#wrong(offset, "this text holds half a character (a lone surrogate)", path);
      return value.toWellFormed();
    }
    if (typeof value === "string" && value.includes("\0")) {
      this.#wrong(
        offset,
        "this text holds a NUL character (\\0), which nothing can be named with",
        path,
      );
      // A name without it would be another one: what else is wrong is said once it is gone.
      this.unreadable = true;
      return null;
    }
    if (typeof value === "string") {
      const setting = path.findLast((part) => !/^\d+$/.test(part)) ?? null;
      const filled = fillIn(value, setting, this.variables);
      if ("wrong" in filled) {
        this.#wrong(offset, filled.wrong, path);
        this.unreadable = true;
        return null;
      }
      for (const [name, content] of filled.used) this.filled.set(name, content);
      return filled.value;
    }
    if (value === null || typeof value === "boolean") return value;
    this.#wrong(offset, "this tag makes a value that a spec cannot contain", path);
    return null;
  }

  // 1e300 is an integer to JavaScript, but nobody expects it to be exact.
  #whole(offset: number): boolean {
    const written = this.written.slice(offset, offset + 400);
    return /^[-+]?(?:\d+|0x[\dA-Fa-f]+|0o[0-7]+)(?![\d.eE])/.test(written);
  }

  #wrong(offset: number, message: string, path: readonly string[] | null): void {
    this.mistakes.push({ position: this.text.position(offset), message, path });
  }
}
