import type { Diagnostic } from "../base/diagnostic.js";
import type { Places } from "./places.js";
import { type Problem, settingAt } from "./problem.js";

/** Most diagnostics of each severity that are shown; more would not be read. */
const MOST = 100;

/** Collects diagnostics of one file; says the same thing about the same place only once. */
export class Report {
  readonly #diagnostics = new Map<string, Diagnostic>();
  /** Places of values that can't be read as they stand: what they are read as is judged in vain. */
  readonly #unreadable = new Set<string>();

  constructor(
    private readonly file: string,
    private readonly places: Places,
  ) {}

  /** A problem of the document at its place. `path`: the setting, where it isn't plain from there. */
  add(severity: Diagnostic["severity"], problem: Problem, path?: string): void {
    const { where, at, message } = problem;
    const position = at === "key" ? this.places.key(where) : this.places.value(where);
    if (at === "value" && this.#unreadable.has(placeText(position))) return;
    this.#add({ severity, message, file: this.file, ...position, path: path ?? settingAt(where) });
  }

  /** A mistake in the text itself. */
  addAt(offset: number, message: string, path: string | null): void {
    const position = this.places.position(offset);
    this.#unreadable.add(placeText(position));
    this.#add({ severity: "error", message, file: this.file, ...position, path });
  }

  get failed(): boolean {
    return [...this.#diagnostics.values()].some(({ severity }) => severity === "error");
  }

  /** In the order of the file; of each severity the first ones, with a word about the others. */
  get diagnostics(): readonly Diagnostic[] {
    const all = [...this.#diagnostics.values()].sort(
      (a, b) => a.line - b.line || a.column - b.column,
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

const placeText = ({ line, column }: { readonly line: number; readonly column: number }): string =>
  `${line}:${column}`;
