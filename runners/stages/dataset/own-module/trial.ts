import { readFileSync } from "node:fs";
import { UserError } from "../../../../src/base/exit.js";
import type { JsonObject } from "../../../../src/base/json.js";
import type { Fault } from "../../../base/modules/place.js";
import { faultIn } from "../../../base/modules/place.js";
import type { ReadTask } from "../source.js";
import { MODULE_FILE, ModuleFault, type ModuleTask } from "./open.js";
import { ownModule } from "./own-module.js";
import { type Part, PARTS } from "./module.js";

/** The parameters and files of a stage that prepares a module's data. */
export interface Trial {
  readonly params: JsonObject;
  readonly files: { readonly [name: string]: string };
}

/** So many rows of each function are read. */
const MOST = 1000;

/** Holds every id: which of them are left shows only in the whole data. */
class Everyone extends Set<string> {
  override has(): boolean {
    return true;
  }
}

/**
 * The program of a process: reads the first rows of the module in its argument, and prints the faults as
 * one line of JSON, the last one, since a module may print too.
 */
const trial = JSON.parse(process.argv[2]!) as Trial;
const faults: Fault[] = [];
for (const part of PARTS) faults.push(...(await faultsOf(part)));
process.stdout.write(`\n${JSON.stringify(faults)}`);
// A module may leave timers and connections open.
process.exit();

async function faultsOf(part: Part): Promise<Fault[]> {
  const task: ReadTask & ModuleTask = {
    ...trial,
    most: MOST,
    downloads: "",
    work: "",
    stop: { draining: false, onDrain: () => undefined, abort: new AbortController().signal },
    note: () => undefined,
    drop: () => undefined,
    progress: () => undefined,
  };
  try {
    if (part === "interactions") await ownModule.readRatings(task);
    else if (part === "items") await ownModule.readItems(task, new Everyone());
    else await ownModule.readUsers!(task, new Everyone());
    return [];
  } catch (error) {
    if (error instanceof ModuleFault) return [error.fault];
    const file = trial.files[MODULE_FILE]!;
    if (!(error instanceof UserError)) return [faultIn(file, error)];
    const message = error.message.replaceAll(`${file}: `, "");
    return [{ file, ...placeOf(part, file), message: `in its first ${MOST} rows: ${message}` }];
  }
}

/** Where a module's text has the name of a function; its first line where it has none. */
function placeOf(part: Part, file: string): Pick<Fault, "line" | "column"> {
  const lines = readFileSync(file, "utf8").split("\n");
  const isFunction = new RegExp(`\\b${part}\\b\\s*(\\(|[:=]\\s*(async\\b|function\\b|\\())`, "u");
  const line = lines.findIndex((text) => isFunction.test(text));
  return { line: Math.max(line, 0) + 1, column: line < 0 ? 1 : lines[line]!.indexOf(part) + 1 };
}
