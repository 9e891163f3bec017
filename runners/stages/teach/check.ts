import type { Finding } from "../../../src/base/diagnostic.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import { checkAddress } from "../../base/chat/address.js";
import { checkExtra } from "../../base/chat/extra.js";
import { checkNamedModel } from "../../base/models/check.js";
import { checkGpus } from "../../base/stage/gpus.js";
import type { TeacherSettings } from "./settings.js";

/**
 * Mistakes in a teacher that the schema can't see. A teacher that r4ec serves is a model like the
 * others; of one at an endpoint nothing is known here.
 *
 * @param where dotted path of the block
 */
export function checkTeacher(
  teacher: TeacherSettings,
  where: string,
  place: SpecPlace,
): readonly Finding[] {
  const { model, revision, server } = teacher;
  const fields = [
    ...checkExtra(teacher.extra, `${where}.extra`),
    ...checkAddress(teacher.base_url, `${where}.base_url`),
  ];
  if (server === null) return fields;
  fields.push(...checkGpus(teacher.gpus, `${where}.gpus`));
  const named = { name: model, revision: revision ?? null, template: teacher.template ?? null };
  // r4ec's own server and vLLM talk by the model's own template.
  return [
    ...fields,
    ...checkNamedModel(named, `${where}.model`, place, typeof server === "string"),
  ];
}
