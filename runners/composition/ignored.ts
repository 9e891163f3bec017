import type { JsonObject } from "../../src/base/json.js";
import { isJsonObject } from "../../src/base/json.js";
import type { Ignored } from "../../src/contract/science.js";
import { unreadSettings } from "../base/stage/engine.js";
import type { ControlSettings } from "../stages/control/settings.js";
import { controlledSides, controlOf } from "../stages/control/settings.js";
import { embedEngines } from "../stages/embed/engines/index.js";
import { inferEngines } from "../stages/infer/engines/index.js";
import { variantOf, variants } from "./variants.js";

/** Names in a message: `kar, r2ec and r4ec`. */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** Which variants read a setting under `knowledge`. What is not named here is read by all. */
const READ_BY: { readonly [setting: string]: readonly string[] } = Object.fromEntries(
  [...new Set(variants.flatMap(({ reads }) => reads))].map((setting) => [
    setting,
    variants.filter(({ reads }) => reads.includes(setting)).map(({ id }) => id),
  ]),
);

/** Settings under `knowledge` that the cell's variant, or the engine it names, does not read. */
export function ignoredKnowledge(settings: JsonObject): readonly Ignored[] {
  const knowledge = settings["knowledge"];
  if (!isJsonObject(knowledge)) return [];
  const variant = variantOf(String(knowledge["variant"]));
  const ignored: Ignored[] = [];
  for (const [setting, readers] of Object.entries(READ_BY)) {
    if (readers.includes(variant.id)) continue;
    const verb = readers.length > 1 ? "read" : "reads";
    ignored.push({
      path: `knowledge.${setting}`,
      because: `only ${listed(readers)} ${verb} it`,
    });
  }
  const read = (setting: string): boolean => READ_BY[setting]!.includes(variant.id);
  for (const [block, engines] of Object.entries({ infer: inferEngines, embed: embedEngines })) {
    const options = knowledge[block];
    if (!read(block) || !isJsonObject(options)) continue;
    for (const { setting, readers } of unreadSettings(engines, options["engine"])) {
      ignored.push(onlyReadBy(readers, block, setting));
    }
    if (block === "infer" && options["temperature"] === 0) {
      ignored.push({
        path: "knowledge.infer.top_p",
        because: "nothing is sampled at temperature 0",
      });
    }
  }
  if (read("finetune") && !read("reflector")) {
    for (const setting of ["reflector", "samples.reflection", "samples.refinement"]) {
      ignored.push({ path: `knowledge.finetune.${setting}`, because: "only r4ec reads it" });
    }
  }
  if (read("teacher") && ownSamples(knowledge["finetune"])) {
    ignored.push({
      path: "knowledge.teacher",
      because: "knowledge.finetune.samples takes the teacher's place",
    });
  } else if (read("teacher") && isJsonObject(knowledge["teacher"])) {
    ignored.push(...ignoredTeacher(knowledge["teacher"]));
  }
  const embed = knowledge["embed"];
  const centered = isJsonObject(embed) && embed["center"] === true;
  if (read("file") && ownVectors(knowledge["file"])) {
    const because = "the files hold vectors";
    const unread = centered
      ? Object.keys(embed).flatMap((name) => (name === "center" ? [] : [`embed.${name}`]))
      : ["embed"];
    ignored.push(...unread.map((setting) => ({ path: `knowledge.${setting}`, because })));
  }
  if (read("control")) ignored.push(...ignoredByControl(knowledge, centered));
  return ignored;
}

/** Settings that a control leaves without effect, or that have no effect without a control. */
function ignoredByControl(knowledge: JsonObject, centered: boolean): readonly Ignored[] {
  const settings = knowledge as ControlSettings;
  const control = controlOf(settings);
  if (control === null) {
    return [{ path: "knowledge.control_side", because: "knowledge.control is off" }];
  }
  if (!centered || control === "shuffled" || controlledSides(settings).length < 2) return [];
  const because = `knowledge.control ${control} is made from the vectors before they are centred`;
  return [{ path: "knowledge.embed.center", because }];
}

/** A setting of a block that other engines read than the one named. */
function onlyReadBy(engines: readonly string[], block: string, setting: string): Ignored {
  const [noun, verb] = engines.length > 1 ? ["engines", "read"] : ["engine", "reads"];
  return {
    path: `knowledge.${block}.${setting}`,
    because: `only ${noun} ${listed(engines)} ${verb} it`,
  };
}

/** An endpoint's settings where r4ec serves the teacher, and the other way round. */
function ignoredTeacher(teacher: JsonObject): readonly Ignored[] {
  const served = (teacher["server"] ?? null) !== null;
  const settings = served
    ? ["base_url", "api_key_env"]
    : ["revision", "template", "start_timeout_seconds"];
  const because = served
    ? "knowledge.teacher.server is set"
    : "knowledge.teacher.server is not set";
  return settings.map((setting) => ({ path: `knowledge.teacher.${setting}`, because }));
}

/** True where the spec brings the samples that a teacher would make. */
function ownSamples(finetune: unknown): boolean {
  const samples = isJsonObject(finetune) ? finetune["samples"] : null;
  return isJsonObject(samples) && Object.values(samples).some((file) => file !== null);
}

/** True if the names of all files of variant `file` say that they hold vectors. */
function ownVectors(file: unknown): boolean {
  if (!isJsonObject(file)) return false;
  const named = [file["users"], file["items"]].filter((each) => typeof each === "string");
  return named.length > 0 && named.every((each) => /\.(?:npy|safetensors)$/u.test(each));
}
