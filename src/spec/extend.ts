import { realpathSync } from "node:fs";
import path from "node:path";
import type { Json } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { Science } from "../contract/science.js";
import { omit } from "./dotted.js";
import type { Variables } from "./fill-in.js";
import { layOver } from "./merge.js";
import { type Mistake, type Parsed, parseYaml } from "./parse.js";
import { type Placed, Places, type Position } from "./places.js";
import { rebased } from "./rebase.js";
import { readSource, type Source } from "./source.js";

/** Reads a spec's file and the files that it extends, and lays them over each other. */
export class SpecFiles {
  readonly mistakes: Mistake[] = [];
  /** The files that are extended, by their place on the disk, the innermost first. */
  readonly bases = new Map<string, Source>();
  /** The variables that were filled in. */
  readonly filled = new Map<string, string>();
  /** False where a file is too broken for the rest to be checked. */
  readable = true;
  readonly #made = new Map<string, Placed<Json>>();

  /** @param folder of the spec, where relative paths in settings start */
  constructor(
    private readonly folder: string,
    private readonly science: Pick<Science, "expand" | "rebase">,
    private readonly variables: Variables,
  ) {}

  /**
   * A file over everything that it extends. A mistake is noted, and the rest goes on without it.
   *
   * @param around the files that extend it, as places on the disk, the outermost first
   */
  read(source: Source, around: readonly string[] = []): Placed<Json> {
    const parsed = this.take(parseYaml(source, this.variables));
    if (!isJsonObject(parsed.value)) return parsed;
    const way = { from: source.folder, to: this.folder };
    const own = { value: rebased(parsed.value, way, this.science), spot: parsed.spot };
    const names = namesIn(own.value["extends"]);
    // What names no file is told by the schema.
    if (names === null) return own;
    const places = new Places(own.spot);
    const within = [...around, placeOnDisk(source)];
    const layers = names.map(({ name, where }) =>
      this.#base(name, places.value(where), source, within),
    );
    return [...layers, { value: omit(own.value, "extends"), spot: own.spot }].reduce<Placed<Json>>(
      (lower, upper) => this.layOver(lower, upper),
      { value: {}, spot: { ...own.spot, inside: new Map() } },
    );
  }

  /** Notes what was found in a text. */
  take(parsed: Parsed): Parsed {
    this.mistakes.push(...parsed.mistakes);
    this.readable &&= parsed.readable;
    for (const [name, value] of parsed.filled) this.filled.set(name, value);
    return parsed;
  }

  /** One text's settings over another's; what is no mapping changes nothing below it. */
  layOver(lower: Placed<Json>, upper: Placed<Json>): Placed<Json> {
    const [below, above] = [lower.value, upper.value];
    if (!isJsonObject(above)) return lower;
    if (!isJsonObject(below)) return upper;
    return layOver({ ...lower, value: below }, { ...upper, value: above }, (settings) =>
      this.science.expand(settings),
    );
  }

  #base(
    name: string,
    position: Position,
    { file, folder }: Source,
    around: readonly string[],
  ): Placed<Json> {
    const shown = path.isAbsolute(name) ? name : path.join(path.dirname(file), name);
    const text = { file: shown, position: () => position };
    const nothing = { value: null, spot: { text, offset: 0, key: null, inside: null } };
    const wrong = (message: string, at: Position = position): Placed<Json> => {
      this.mistakes.push({ position: at, message, path: ["extends"] });
      this.readable = false;
      return nothing;
    };
    const found = path.resolve(folder, name);
    const read = readSource(found);
    if (!read.ok) {
      const { line, column } = read.error;
      const message = read.error.message.replace(found, name);
      const inside = line > 1 || column > 1;
      return inside ? wrong(message, { file: shown, line, column }) : wrong(message);
    }
    const base: Source = { ...read.value, file: shown };
    const place = placeOnDisk(base);
    const start = around.indexOf(place);
    if (start !== -1) {
      const circle = [...around.slice(start), place].map((one) => path.basename(one));
      return wrong(`a file cannot extend itself: ${circle.join(" extends ")}`);
    }
    const known = this.#made.get(place);
    if (known !== undefined) return known;
    const made = this.read(base, around);
    if (made.value !== null && !isJsonObject(made.value)) {
      return wrong("a spec is a mapping of settings (`name: ...`)", {
        file: shown,
        line: 1,
        column: 1,
      });
    }
    this.#made.set(place, made);
    this.bases.set(place, base);
    return made;
  }
}

/** The names of files in a value of `extends`, each with its place; null where it is no such value. */
function namesIn(
  value: Json | undefined,
): readonly { readonly name: string; readonly where: readonly string[] }[] | null {
  const isName = (one: unknown): one is string => typeof one === "string" && one !== "";
  if (isName(value)) return [{ name: value, where: ["extends"] }];
  if (!Array.isArray(value) || value.length === 0 || !value.every(isName)) return null;
  return value.map((name, index) => ({ name, where: ["extends", String(index)] }));
}

/** The one place of a file, whatever names lead to it. */
function placeOnDisk({ file, folder }: Source): string {
  const place = path.join(folder, path.basename(file));
  try {
    return realpathSync(place);
  } catch {
    return place;
  }
}
