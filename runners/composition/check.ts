import { existsSync, statSync } from "node:fs";
import path from "node:path";
import type { Finding } from "../../src/base/diagnostic.js";
import { UserError } from "../../src/base/exit.js";
import type { JsonObject } from "../../src/base/json.js";
import type { SpecPlace } from "../../src/contract/spec-place.js";
import { engineNamed } from "../base/stage/engine.js";
import { mistake } from "../base/stage/mistake.js";
import { embedEngines } from "../stages/embed/engines/index.js";
import { RESERVED } from "../stages/finetune/config.js";
import { bringsSamples } from "../stages/finetune/stage.js";
import { checkPackagedName } from "../base/models/packaged.js";
import { RESERVED_IN_PREDICTION } from "../stages/infer/reserved.js";
import { domainOfDataset } from "../stages/dataset/settings.js";
import { loadTemplates } from "../base/prompts/index.js";
import { FILE_SETTINGS, isVectorFile } from "../stages/own-files/settings.js";
import { isFolderName } from "../base/models/model-input.js";
import { isFolder, resolvePath } from "../base/files/spec-path.js";
import { chatTemplateOf } from "../base/models/chat-template.js";
import type { KnowledgeSettings, ModelSettings } from "./settings.js";
import { knowledgeOf } from "./settings.js";

/** Mistakes in `knowledge` that the schema can't see. */
export function checkKnowledge(settings: JsonObject, place: SpecPlace): readonly Finding[] {
  const knowledge = knowledgeOf(settings);
  switch (knowledge.variant) {
    case "none":
      return [];
    case "profile":
      return checkEmbed(knowledge, place);
    case "file":
      return checkFile(knowledge, place);
    case "kar":
    case "r2ec":
    case "r4ec":
      return [
        ...checkPrompts(knowledge, settings, place),
        ...checkModel(
          knowledge.actor,
          "knowledge.actor",
          place,
          knowledge.infer.engine === "endpoint",
        ),
        ...(knowledge.variant === "r4ec" && knowledge.reflector !== null
          ? checkModel(knowledge.reflector, "knowledge.reflector", place)
          : []),
        ...(knowledge.variant === "kar" ? [] : checkSamples(knowledge, place)),
        ...checkTeacher(knowledge, place),
        ...checkInfer(knowledge),
        ...checkOverrides(knowledge),
        ...checkEmbed(knowledge, place),
      ];
  }
}

function checkFile(knowledge: KnowledgeSettings, place: SpecPlace): Finding[] {
  const findings: Finding[] = [];
  const { file } = knowledge;
  if (typeof file.users !== "string" && typeof file.items !== "string") {
    const what =
      "variant file needs a file: set knowledge.file.users, knowledge.file.items or both";
    findings.push(mistake("knowledge.file", what));
  }
  for (const setting of FILE_SETTINGS) {
    const name = file[setting];
    if (typeof name !== "string") continue;
    const found = resolvePath(name, place);
    if (!existsSync(found)) {
      findings.push(mistake(`knowledge.file.${setting}`, `there is no file ${name} (${found})`));
    } else if (statSync(found).isDirectory()) {
      findings.push(mistake(`knowledge.file.${setting}`, `${name} is a folder, not a file`));
    }
  }
  for (const side of ["users", "items"] as const) {
    const name = file[side];
    if (typeof name !== "string") continue;
    const extension = path.extname(name).toLowerCase();
    if (!isVectorFile(name) && ![".jsonl", ".ndjson"].includes(extension)) {
      const known = ".jsonl, .ndjson, .npy and .safetensors";
      findings.push(
        mistake(
          `knowledge.file.${side}`,
          `${name} cannot be read; known are files ending in ${known}`,
        ),
      );
    }
    const ids = side === "users" ? "user_ids" : "item_ids";
    if (typeof file[ids] === "string" && !isVectorFile(name)) {
      findings.push({
        severity: "hint",
        message: `${name} names its ids itself, so knowledge.file.${ids} is not read`,
        path: `knowledge.file.${ids}`,
      });
    }
  }
  if (findings.some(({ severity }) => severity === "error")) return findings;
  return [...findings, ...(knowledge.embed === undefined ? [] : checkEmbed(knowledge, place))];
}

function checkPrompts(
  knowledge: KnowledgeSettings,
  settings: JsonObject,
  place: SpecPlace,
): Finding[] {
  const folder = knowledge.prompts === null ? null : resolvePath(knowledge.prompts, place);
  if (folder !== null && !isFolder(folder)) {
    return [mistake("knowledge.prompts", `there is no folder ${knowledge.prompts} (${folder})`)];
  }
  try {
    loadTemplates(domainOfDataset(settings), folder);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [mistake("knowledge.prompts", error.message)];
  }
}

/** @param ownTemplate true where an endpoint serves the model, with a chat template of its own */
function checkModel(
  model: ModelSettings,
  where: string,
  place: SpecPlace,
  ownTemplate = false,
): readonly Finding[] {
  const packaged = checkPackagedName(model.name, model.revision ?? null, where);
  if (packaged.length > 0) return packaged;
  if (isFolderName(model.name)) {
    const folder = resolvePath(model.name, place);
    if (!isFolder(folder)) return [mistake(where, `there is no folder ${model.name} (${folder})`)];
    if (!existsSync(path.join(folder, "config.json"))) {
      return [mistake(where, `${model.name} is not a model: it holds no config.json (${folder})`)];
    }
  }
  if (ownTemplate || (model.template ?? chatTemplateOf(model.name)) !== null) return [];
  return [
    mistake(
      where,
      `the chat template of ${model.name} is not known from its name; ` +
        `name LLaMA-Factory's: {name: ${model.name}, template: qwen}`,
    ),
  ];
}

/** A teacher that r4ec serves is a model like the others. */
function checkTeacher({ teacher }: KnowledgeSettings, place: SpecPlace): readonly Finding[] {
  if (teacher === undefined || teacher.server === null) return [];
  const { model, revision, server } = teacher;
  // r4ec's own server talks by the model's own template.
  const template = server === "r4ec" ? "own" : (teacher.template ?? null);
  const named = { name: model, revision: revision ?? null, template };
  return checkModel(named, "knowledge.teacher.model", place);
}

/** Samples of the user's own: files that are there, and all that the variant learns from. */
function checkSamples({ finetune, variant }: KnowledgeSettings, place: SpecPlace): Finding[] {
  if (!bringsSamples(finetune)) return [];
  const where = "knowledge.finetune.samples";
  const findings = Object.entries(finetune.samples).flatMap(([name, file]) => {
    if (file === null) return [];
    const found = resolvePath(file, place);
    if (existsSync(found)) return [];
    return [mistake(`${where}.${name}`, `there is no file ${file} (${found})`)];
  });
  const { thinking, reflection } = finetune.samples;
  const needed = { thinking, ...(variant === "r4ec" ? { reflection } : {}) };
  for (const [name, file] of Object.entries(needed)) {
    if (typeof file === "string") continue;
    const what = `with samples of your own ${variant} needs ${name} samples as well`;
    findings.push(mistake(where, `${what}: set ${where}.${name}`));
  }
  return findings;
}

/** Options of LLaMA-Factory by which r4ec finds what it has been given. */
function checkOverrides({ infer, finetune, variant }: KnowledgeSettings): Finding[] {
  const blocks: [string, object | undefined, readonly string[]][] = [
    ["knowledge.infer.llamafactory", infer.llamafactory, RESERVED_IN_PREDICTION],
  ];
  if (variant !== "kar") {
    for (const block of ["llamafactory", "actor", "reflector"] as const) {
      blocks.push([`knowledge.finetune.${block}`, finetune[block], RESERVED]);
    }
  }
  return blocks.flatMap(([where, options, reserved]) =>
    Object.keys(options ?? {})
      .filter((option) => reserved.includes(option))
      .map((option) => mistake(`${where}.${option}`, `${option} is r4ec's to set; leave it out`)),
  );
}

function checkInfer({ infer, variant }: KnowledgeSettings): Finding[] {
  if (infer.engine !== "endpoint") return [];
  if (variant !== "kar") {
    return [
      mistake(
        "knowledge.infer.engine",
        `an endpoint cannot serve the models that ${variant} fine-tunes; ` +
          "use llamafactory, or server with a command that loads {adapter}",
      ),
    ];
  }
  if (infer.base_url !== null) return [];
  return [mistake("knowledge.infer", "engine endpoint needs base_url, the endpoint's address")];
}

const checkEmbed = ({ embed }: KnowledgeSettings, place: SpecPlace): readonly Finding[] =>
  engineNamed(embedEngines, embed.engine).check(embed, "knowledge.embed", place);
