import type { Domain } from "../base/artifacts/domain.js";
import type { Finding } from "../../src/base/diagnostic.js";
import { UserError } from "../../src/base/exit.js";
import type { JsonObject } from "../../src/base/json.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import { isFolder, resolvePath } from "../base/files/spec-path.js";
import { checkNamedModel } from "../base/models/check.js";
import { loadTemplates } from "../base/prompts/index.js";
import { engineNamed } from "../base/stage/engine.js";
import { mistake } from "../base/stage/mistake.js";
import { chosenDataset, domainOfDataset } from "../stages/dataset/settings.js";
import { controlledSides, controlOf } from "../stages/control/settings.js";
import { embedEngines } from "../stages/embed/engines/index.js";
import { checkFinetune } from "../stages/finetune/check.js";
import { inferEngines } from "../stages/infer/engines/index.js";
import { checkOwnFiles } from "../stages/own-files/check.js";
import { checkTeacher } from "../stages/teach/check.js";
import type { KnowledgeSettings } from "./settings.js";
import { knowledgeOf } from "./settings.js";
import type { Variant } from "./variants.js";
import { variantOf } from "./variants.js";

/** Mistakes in `knowledge` that the schema can't see: each block that the variant reads is asked. */
export function checkKnowledge(settings: JsonObject, place: SpecPlace): readonly Finding[] {
  const knowledge = knowledgeOf(settings);
  const variant = variantOf(knowledge.variant);
  const reads = (setting: keyof KnowledgeSettings): boolean =>
    variant.reads.includes(setting) && knowledge[setting] !== undefined;
  const findings = [
    ...(reads("file") ? checkOwnFiles(knowledge.file, "knowledge.file", place) : []),
    // Which words prompts use follows from the data set; a wrong one has been told.
    ...(reads("prompts") && chosenDataset(settings) !== undefined
      ? checkPrompts(knowledge, domainOfDataset(settings), place)
      : []),
    ...(reads("infer") ? checkModels(knowledge, variant, place) : []),
    ...(reads("finetune")
      ? checkFinetune(
          knowledge.finetune,
          "knowledge.finetune",
          place,
          // Where there are no refinement samples the actor learns from thinking alone.
          variant.learns.filter((name) => name !== "refinement"),
          variant.id,
        )
      : []),
    ...(reads("control") ? checkControl(knowledge) : []),
    ...(reads("teacher") ? checkTeacher(knowledge.teacher, "knowledge.teacher", place) : []),
  ];
  // Whether there is anything to embed shows in the user's own files.
  if (variant.reads.includes("file") && findings.some(({ severity }) => severity === "error")) {
    return findings;
  }
  const { embed } = knowledge;
  // Where the user's files hold vectors, no engine is left in the block.
  const engine = reads("embed") ? embedEngines.find(({ name }) => name === embed.engine) : null;
  return [...findings, ...(engine?.check(embed, "knowledge.embed", place) ?? [])];
}

/** Limits of `users` and `items` that leave a control nothing to exchange. */
function checkControl(knowledge: KnowledgeSettings): readonly Finding[] {
  if (controlOf(knowledge) !== "shuffled") return [];
  return controlledSides(knowledge).flatMap((side) =>
    knowledge[side] === 1
      ? [
          mistake(
            `knowledge.${side}`,
            `knowledge.control shuffled needs two ${side} with a vector; 1 has one`,
          ),
        ]
      : [],
  );
}

function checkPrompts(
  knowledge: KnowledgeSettings,
  domain: Domain,
  place: SpecPlace,
): readonly Finding[] {
  const folder = knowledge.prompts === null ? null : resolvePath(knowledge.prompts, place);
  if (folder !== null && !isFolder(folder)) {
    return [mistake("knowledge.prompts", `there is no folder ${knowledge.prompts} (${folder})`)];
  }
  try {
    loadTemplates(domain, folder);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [mistake("knowledge.prompts", error.message)];
  }
}

/** The models that answer, and the engine that has them answer. */
function checkModels(
  { actor, reflector, infer }: KnowledgeSettings,
  variant: Variant,
  place: SpecPlace,
): readonly Finding[] {
  const engine = engineNamed(inferEngines, infer.engine);
  const own = variant.reads.includes("reflector") ? (reflector ?? null) : null;
  const finetunes = variant.learns.length > 0;
  return [
    ...checkNamedModel(actor, "knowledge.actor", place, engine.bringsTemplate),
    ...(own === null ? [] : checkNamedModel(own, "knowledge.reflector", place)),
    ...(finetunes && !engine.takesAdapters
      ? [
          mistake(
            "knowledge.infer.engine",
            `an endpoint cannot serve the models that ${variant.id} fine-tunes; ` +
              "use llamafactory, or server with a command that loads {adapter}",
          ),
        ]
      : engine.check(infer, "knowledge.infer", place)),
  ];
}
