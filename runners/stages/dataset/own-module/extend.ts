import type * as AjvPackage from "ajv/dist/2020.js";
import { lazily } from "../../../../src/base/lazily.js";
import type { Finding } from "../../../../src/base/diagnostic.js";
import { isJsonObject, type JsonObject } from "../../../../src/base/json.js";
import type { JsonSchema } from "../../../../src/contract/science.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { kindAt, resolvePath } from "../../../base/files/spec-path.js";
import { textsNamed } from "../../../base/modules/named.js";
import { optionsOf } from "../../../base/modules/options.js";
import { mistake } from "../../../base/stage/mistake.js";
import { datasetFragment, formOf, generalForms } from "../schema.js";
import { isModulePath, loadSource, type OwnSource } from "./module.js";
import { ownModule } from "./own-module.js";

const ajvPackage = lazily<typeof AjvPackage>("ajv/dist/2020.js");

/** The form of the block of one module, with its options and its defaults. */
function formOfModule(path: string, source: OwnSource): JsonSchema {
  const options = optionsOf(source, `Options of the module ${source.id}.`);
  const { properties, ...form } = formOf({
    ...ownModule,
    description: source.description,
    defaults: { ...ownModule.defaults, name: source.id, ...source.settings },
    properties: { ...ownModule.properties, options },
  });
  return { ...form, properties: { ...(properties as JsonObject), id: idOf(path, source) } };
}

const idOf = (path: string, { description }: OwnSource): JsonSchema => ({
  const: path,
  description,
});

/**
 * The schema of `dataset` for a spec that names modules of the user's own: each has a form of its
 * own. Null where it names none.
 *
 * @param document the spec, as it stands: it may hold mistakes
 */
export function extendedDataset(document: JsonObject, place: SpecPlace): JsonSchema | null {
  const paths = [...textsNamed(document, ["dataset", "dataset.id"])].filter(isModulePath);
  const sound = paths.flatMap((path) => {
    const loaded = loadSource(resolvePath(path, place));
    return loaded.ok && faultOfSettings(loaded.value) === null
      ? [[path, loaded.value] as const]
      : [];
  });
  if (sound.length === 0) return null;
  const own = sound.map(([path, source]) => formOfModule(path, source));
  // The form of a module that can't be loaded is the general one, which takes any option and would take
  // the others too, were it before theirs. The check says what is wrong with the module.
  if (sound.length < paths.length)
    return { ...datasetFragment, anyOf: [...own, ...generalForms(true)] };
  const others = generalForms(false).map(withOptions(sound.map(([, source]) => source)));
  return { ...datasetFragment, anyOf: [...others, ...own] };
}

const without = (object: JsonObject, ...keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** The form of another data set, which takes the options of modules and does not read them. */
const withOptions =
  (sources: readonly OwnSource[]) =>
  (form: JsonSchema): JsonSchema => {
    if (!isJsonObject(form["properties"])) return form;
    const schemas = new Map<string, JsonSchema[]>();
    for (const source of sources) {
      const { properties } = optionsOf(source, "");
      for (const [name, schema] of Object.entries(
        properties as { readonly [name: string]: JsonObject },
      )) {
        schemas.set(name, [...(schemas.get(name) ?? []), without(schema, "default")]);
      }
    }
    const properties = [...schemas].map(([name, each]) => [
      name,
      each.length === 1
        ? each[0]
        : { description: `The option ${name} of modules of your own.`, anyOf: each },
    ]);
    const options: JsonSchema = {
      description: "Options of a module of your own.",
      type: "object",
      additionalProperties: sources.some(
        (source) => optionsOf(source, "")["additionalProperties"] !== false,
      ),
      properties: Object.fromEntries(properties) as JsonObject,
    };
    return { ...form, properties: { ...form["properties"], options } };
  };

/** What is wrong with a module that a spec names as its data set, whatever the spec says beside; nothing for other ids. */
export function moduleFaults(id: string, place: SpecPlace): Finding[] {
  if (!isModulePath(id)) return [];
  const path = resolvePath(id, place);
  const kind = kindAt(path);
  if (kind !== "file") {
    const what = kind === null ? "there is no file" : `it is a ${kind}, not a file:`;
    return [mistake("dataset.id", `${what} ${path}: a data set as a module of your own`)];
  }
  const loaded = loadSource(path);
  if (!loaded.ok) return [mistake("dataset.id", loaded.error)];
  const fault = faultOfSettings(loaded.value);
  return fault === null ? [] : [mistake("dataset.id", `${path} ${fault}`)];
}

/** What is wrong with the settings of a source, as the end of a sentence about its module; null: nothing. */
function faultOfSettings({ id, settings }: OwnSource): string | null {
  const { properties, ...form } = formOf(ownModule);
  const others = without(properties as JsonObject, "id", "options");
  const ajv = new (ajvPackage().Ajv2020)({ strict: false, allErrors: false });
  const validate = ajv.compile({ ...form, required: [], properties: others });
  if (validate(settings)) return null;
  const [first] = validate.errors!;
  const at = first!.instancePath.slice(1).replaceAll("/", ".");
  const extra = (first!.params as { readonly additionalProperty?: string }).additionalProperty;
  const what = extra === undefined ? first!.message : `does not know ${JSON.stringify(extra)}`;
  return `exports a source ${id} with wrong settings: ${at === "" ? "dataset" : `dataset.${at}`} ${what}`;
}
