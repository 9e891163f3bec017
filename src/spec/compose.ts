import type { Json } from "../base/json.js";
import { isJsonObject } from "../base/json.js";
import type { Science } from "../contract/science.js";
import type { Composition } from "../contract/records.js";
import { SpecFiles } from "./extend.js";
import type { Variables } from "./fill-in.js";
import {
  clashOf,
  inArgument,
  type LineOverride,
  listOnTheWay,
  nested,
  parseOverride,
  placeOf,
  removed,
} from "./line-override.js";
import { type Mistake, parseYaml } from "./parse.js";
import { type Placed, Places, type Position } from "./places.js";
import type { Source } from "./source.js";

/** What a spec may be changed by, beside its file. */
export interface Surroundings {
  /** Settings on the command line, as they were given: `PATH=VALUE` or `~PATH`. */
  readonly overrides?: readonly string[] | undefined;
  /** Variables that `${env:NAME}` may name; default: the environment of this process. */
  readonly variables?: Variables;
  /** True where data that is not on this machine is a warning: for estimates. */
  readonly withoutData?: boolean;
}

/** A spec put together: the command line over the file, the file over what it extends. */
export interface Composed {
  /** What it says; null where it says nothing. */
  readonly value: Json;
  readonly places: Places;
  readonly mistakes: readonly Mistake[];
  /** True where the mistakes leave the rest readable, so that it can be checked too. */
  readonly readable: boolean;
  /** All texts that it was read from, as messages name them: the file itself first. */
  readonly files: readonly string[];
  readonly composition: Composition | null;
}

/** Reads everything that a spec is made of and lays it together. */
export function compose(
  source: Source,
  science: Pick<Science, "expand" | "rebase">,
  { overrides = [], variables = process.env }: Surroundings = {},
): Composed {
  const files = new SpecFiles(source.folder, science, variables);
  const written = files.read(source);
  const whole = isJsonObject(written.value)
    ? withOverrides(files, written, overrides, variables)
    : written;
  const { mistakes, filled, readable } = files;
  const bases = [...files.bases.values()].map(({ file, text }) => ({ file, text }));
  const isPlain = overrides.length === 0 && bases.length === 0 && filled.size === 0;
  return {
    value: whole.value,
    places: new Places(whole.spot),
    mistakes,
    readable,
    files: [source.file, ...bases.map(({ file }) => file), ...overrides.map(placeOf)],
    composition: isPlain ? null : { overrides, bases, environment: Object.fromEntries(filled) },
  };
}

/** A spec with the settings of the command line laid over it, one after the other. */
function withOverrides(
  files: SpecFiles,
  spec: Placed<Json>,
  given: readonly string[],
  variables: Variables,
): Placed<Json> {
  const wrong = (message: string, position: Position): void => {
    files.mistakes.push({ position, message, path: null });
    files.readable = false;
  };
  const overrides: LineOverride[] = [];
  for (const argument of given) {
    const read = parseOverride(argument);
    if (read.ok) overrides.push(read.value);
    else wrong(read.error, inArgument(argument, 0));
  }
  const clash = clashOf(overrides);
  if (clash !== null) {
    const [{ argument: first }, { argument: second }] = clash;
    wrong(`${first} sets the same; give one of the two`, inArgument(second, 0));
  }
  let whole = spec;
  for (const { argument, path, text, offset } of overrides) {
    if (!isJsonObject(whole.value)) break;
    const list = listOnTheWay(whole.value, path);
    if (path[0] === "extends") {
      wrong("extends stands in a file, not on the command line", inArgument(argument, 0));
    } else if (list !== null) {
      const name = list.join(".");
      const message = `${name} is a list, and a list is replaced as a whole; write ${name}=[...]`;
      wrong(message, inArgument(argument, 0));
    } else if (text === null) {
      const left = removed({ ...whole, value: whole.value }, path);
      if (left === null) {
        wrong(`the spec has no ${path.join(".")} to remove`, inArgument(argument, 1));
      } else whole = left;
    } else {
      const parsed = files.take(
        parseYaml({ file: placeOf(argument), text }, variables, ({ file }) => ({
          file,
          position: (at) => inArgument(argument, offset + at),
        })),
      );
      if (parsed.hasComment) {
        const message = "what follows # is a comment in YAML; put the value in quotes";
        wrong(message, inArgument(argument, offset));
      }
      whole = files.layOver(whole, nested(path, parsed));
    }
  }
  return whole;
}
