import type { Json, JsonObject } from "../../../src/base/json.js";
import { isJsonObject } from "../../../src/base/json.js";
import type { Sample } from "../../base/artifacts/samples.js";

/** Samples of a JSON list, or what is wrong with it. */
export function readSamples(text: string): Sample[] | string {
  let list: Json;
  try {
    list = JSON.parse(text.replace(/^\uFEFF/u, "")) as Json;
  } catch (error) {
    return `not JSON (${(error as Error).message})`;
  }
  if (!Array.isArray(list)) return "not a list of samples";
  const samples: Sample[] = [];
  for (const [index, each] of (list as readonly Json[]).entries()) {
    const read = readSample(isJsonObject(each) ? each : {});
    if (typeof read === "string") return `element ${index} (from 0) ${read}`;
    samples.push(read);
  }
  return samples.length > 0 ? samples : "an empty list: there is nothing to learn from";
}

/** The two forms of a sample. `input` may be left out; a field of the other form is unknown. */
const FORMS = [
  ["prompt", "answer"],
  ["instruction", "output", "input"],
] as const;

/** Fields that name whom a sample is about, as in the reference's own samples; no model is told them. */
const ABOUT: readonly string[] = ["user_id", "item_id"];

/** One sample, or what is wrong with it: nothing that stands in it is dropped. */
function readSample(value: JsonObject): Sample | string {
  const form = FORMS.find(([prompt]) => Object.hasOwn(value, prompt));
  const [instruction, output, input] = (form ?? []).map((name) => value[name]);
  if (
    form === undefined ||
    typeof instruction !== "string" ||
    typeof output !== "string" ||
    !(input === undefined || typeof input === "string")
  ) {
    return "is not {prompt, answer} or {instruction, input, output}, each a text";
  }
  // Other programs write every field of their form, used or not: an empty one asks for nothing.
  const unread = Object.entries(value).find(
    ([name, each]) => ![...form, ...ABOUT].includes(name) && !isEmpty(each),
  );
  if (unread !== undefined) {
    return `has a field ${JSON.stringify(unread[0])}, which a sample of r4ec does not have; put what it says into ${form[0]}, or remove it`;
  }
  if (instruction.trim() === "") return `has an empty ${form[0]}`;
  if (output.trim() === "") return `has an empty ${form[1]}: a model would learn to say nothing`;
  return { instruction, input: input ?? "", output };
}

const isEmpty = (value: Json): boolean =>
  value === null || value === "" || (Array.isArray(value) && value.length === 0);
