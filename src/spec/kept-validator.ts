import type { Science } from "../contract/science.js";
import { assembleSchema } from "./schema.js";
import { Validator } from "./validator.js";

/** So many are kept of a science: a process rarely reads specs with more sets of axes in turn. */
const MOST_KEPT = 16;

const kept = new WeakMap<Science["fragments"], Map<string, Validator>>();

/**
 * The validator of a science for specs that name these dotted paths. To compile one takes longer
 * than all else in reading a spec, so a process that reads several specs keeps the last ones.
 */
export function validatorFor(science: Science, paths: ReadonlySet<string>): Validator {
  const ofScience = kept.get(science.fragments) ?? new Map<string, Validator>();
  kept.set(science.fragments, ofScience);
  const { cellsPerCard, environments, shortNames } = science;
  // Sciences of tests share fragments and differ in the rest.
  const key = JSON.stringify([[...paths].sort(), cellsPerCard, environments, shortNames]);
  const validator = ofScience.get(key) ?? new Validator(assembleSchema(science), paths);
  ofScience.delete(key);
  ofScience.set(key, validator);
  if (ofScience.size > MOST_KEPT) ofScience.delete(ofScience.keys().next().value!);
  return validator;
}
