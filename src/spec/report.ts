import type { Diagnostic } from "../base/diagnostic.js";
import type { Places, Position } from "./places.js";
import { type Problem, settingAt } from "./problem.js";

/** Most diagnostics of each severity that are shown; more would not be read. */
const MOST = 100;

/** Collects diagnostics of a spec; says the same thing about the same place only once. */
export class Report {
  readonly #diagnostics = new Map<string, Diagnostic>();
  /** Places of values that can't be read as they stand: what they are read as is judged in vain. */
  readonly #unreadable = new Set<string>();

  /** @param files the texts that the spec was read from, in the order of the report */
  constructor(
    private readonly places: Places,
    private readonly files: readonly string[],
  ) {}

  /** A problem of the document at its place. `path`: the setting, where it isn't plain from there. */
  add(severity: Diagnostic["severity"], problem: Problem, path?: string): void {
    const { where, at, message } = problem;
    const position = at === "key" ? this.places.key(where) : this.places.value(where);
    if (at === "value" && this.#unreadable.has(placeText(position))) return;
    this.#add({ severity, message, ...position, path: path ?? settingAt(where) });
  }

  /** A mistake in the text itself. */
  addAt(position: Position, message: string, path: string | null): void {
    this.#unreadable.add(placeText(position));
    this.#add({ severity: "error", message, ...position, path });
  }

  get failed(): boolean {
    return [...this.#diagnostics.values()].some(({ severity }) => severity === "error");
  }

  /**
   * In the order of the files, and in each of them from its beginning; of each severity the first
   * ones, with a word about the others.
   */
  get diagnostics(): readonly Diagnostic[] {
    const rank = ({ file }: Diagnostic): number => this.files.indexOf(file);
    const all = [...this.#diagnostics.values()].sort(
      (a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column,
    );
    const counts = new Map<Diagnostic["severity"], number>();
    for (const { severity } of all) counts.set(severity, (counts.get(severity) ?? 0) + 1);
    const seen = new Map<Diagnostic["severity"], number>();
    return all.flatMap((diagnostic) => {
      const { severity } = diagnostic;
      const number = (seen.get(severity) ?? 0) + 1;
      seen.set(severity, number);
      const total = counts.get(severity)!;
      if (number <= MOST || total === MOST + 1) return [diagnostic];
      const rest = (total - MOST).toLocaleString("en-US");
      const message = `from here on there are ${rest} more ${WORDS[severity]}; only the first ${MOST} are shown`;
      return number === MOST + 1 ? [{ ...diagnostic, message }] : [];
    });
  }

  #add(diagnostic: Diagnostic): void {
    const key = `${placeText(diagnostic)} ${diagnostic.message}`;
    if (!this.#diagnostics.has(key)) this.#diagnostics.set(key, diagnostic);
  }
}

const WORDS = { error: "mistakes", warning: "warnings", hint: "hints" };

const placeText = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;
