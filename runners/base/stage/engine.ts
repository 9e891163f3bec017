import type { Finding } from "../../../src/base/diagnostic.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { Resources, StageTask, ToolchainPart } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";

/**
 * One of the ways in which a stage can do its work; the setting `engine` of the stage's block names
 * it. One object describes an engine completely, and a stage has one list of its engines. Only
 * {@link load} may import slow code, because a plan reads all other members.
 *
 * @typeParam Settings the block of settings, complete
 * @typeParam Worker what does the work in the worker process
 */
export interface Engine<Settings, Params, Execution, Worker> {
  readonly name: string;
  /** A description in a few words: the schema shows it after the name. */
  readonly description: string;
  /**
   * Schemas of the settings that it reads, by name, without those that every engine of the stage
   * reads. A setting of several engines has the same schema in each of them.
   */
  readonly settings: { readonly [setting: string]: JsonObject };
  /**
   * Mistakes that the schema can't see.
   *
   * @param where dotted path of the block: `knowledge.embed`
   */
  check(settings: Settings, where: string, place: SpecPlace): readonly Finding[];
  readonly toolchain: readonly ToolchainPart[];
  resources(execution: Execution): Resources;
  load(task: StageTask<Params, Execution>): Promise<Worker>;
}

/** The members of an engine that its block's schema is made from. */
type Described = Pick<Engine<never, never, never, unknown>, "name" | "description" | "settings">;

/** The engine of a name. Throws where there is none: the schema lets no other name pass. */
export function engineNamed<Kind extends { readonly name: string }>(
  engines: readonly Kind[],
  name: string,
): Kind {
  const engine = engines.find((each) => each.name === name);
  if (engine === undefined) throw new Error(`there is no engine ${name}`);
  return engine;
}

/** Schema of the setting `engine`. */
export const engineProperty = (engines: readonly Described[], fallback: string): JsonObject => ({
  description: `${engines.map(({ name, description }) => `${name}: ${description}`).join("; ")}.`,
  type: "string",
  enum: engines.map(({ name }) => name),
  default: fallback,
});

/** Schemas of all settings that are an engine's own or those of some engines, each once. */
export const engineProperties = (engines: readonly Described[]): JsonObject =>
  Object.assign({}, ...engines.map(({ settings }) => settings)) as JsonObject;

/** Settings that the named engine does not read, each with the names of those that do. */
export function unreadSettings(
  engines: readonly Described[],
  name: unknown,
): readonly { readonly setting: string; readonly readers: readonly string[] }[] {
  const own = engines.find((each) => each.name === name)?.settings;
  if (own === undefined) return [];
  return Object.keys(engineProperties(engines))
    .filter((setting) => !(setting in own))
    .map((setting) => ({
      setting,
      readers: engines.filter(({ settings }) => setting in settings).map((each) => each.name),
    }));
}
