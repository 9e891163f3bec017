import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createHash } from "node:crypto";
import type * as YamlPackage from "yaml";
import { lazily } from "../../../src/base/lazily.js";
import { packageFile } from "../../../src/base/package.js";
import { ExitCode, UserError } from "../../../src/base/exit.js";
import type { Domain, Words } from "../artifacts/domain.js";
import type { Subject } from "./answers.js";

const yaml = lazily<typeof YamlPackage>("yaml");

export type Step = "think" | "reflect" | "refine";
export type Form = "teacher" | "student";
/** `user-think.teacher`, the template's file name without `.txt`. */
export type TemplateName = `${Subject}-${Step}.${Form}`;

/** The templates of one kind of item, checked. */
export interface Templates {
  readonly words: Words;
  /** Text of a template. */
  text(name: TemplateName): string;
  /** sha256 of a template's text and the words it is filled with: what a fingerprint counts. */
  hash(name: TemplateName): string;
  /** Fills a template in. Throws where a value is missing: the templates have been checked. */
  render(name: TemplateName, values: { readonly [name: string]: string }): string;
}

const SUBJECTS = ["user", "item"] as const;
const STEPS = ["think", "reflect", "refine"] as const;
const FORMS = ["teacher", "student"] as const;
export const TEMPLATE_NAMES: readonly TemplateName[] = SUBJECTS.flatMap((subject) =>
  STEPS.flatMap((step) => FORMS.map((form): TemplateName => `${subject}-${step}.${form}`)),
);

/** Folder of the templates that come with r4ec. */
export const builtInPrompts = (): string => packageFile("prompts");

/**
 * Reads the templates for a kind of item: a user's own files first, r4ec's for the rest.
 *
 * @param own folder of the user's templates, or null
 * @throws UserError where a template names something unknown or leaves out what it needs
 */
export function loadTemplates(domain: Domain, own: string | null): Templates {
  const folders = own === null ? [builtInPrompts()] : [own, builtInPrompts()];
  const words = typeof domain === "string" ? readWords(domain, folders) : domain;
  const texts = new Map(
    TEMPLATE_NAMES.map((name) => {
      const file = findFile(`${name}.txt`, folders);
      const text = withoutAbsent(readFileSync(file, "utf8").trimEnd(), words);
      checkTemplate(name, text, file, words);
      return [name, text] as const;
    }),
  );
  return {
    words,
    text: (name) => texts.get(name)!,
    hash: (name) =>
      createHash("sha256")
        .update(texts.get(name)!)
        .update("\0")
        .update(JSON.stringify(words))
        .digest("hex"),
    render: (name, values) => fill(texts.get(name)!, { ...words, ...values }),
  };
}

/** Names that a template is given beside the words. */
export function templateValues(name: TemplateName): readonly string[] {
  const [subject, rest] = name.split("-") as [Subject, string];
  const [step, form] = rest.split(".") as [Step, Form];
  const values = ["like_above"];
  if (subject === "user") values.push("history");
  else values.push("title", "liking_history", "disliking_history");
  if (form === "teacher") values.push(subject === "user" ? "target_title" : "target_history");
  if (step !== "think") values.push("knowledge");
  if (step === "refine") values.push("reflection");
  return values;
}

/** Words of a kind of item: an entry of the user's words.yaml, or else r4ec's entry of that name. */
function readWords(domain: string, folders: readonly string[]): Words {
  const files = folders.map((folder) => path.join(folder, "words.yaml")).filter(existsSync);
  const found = files.map((file) => {
    const all = yaml().parse(readFileSync(file, "utf8")) as { [domain: string]: Words } | null;
    return { file, words: all?.[domain] };
  });
  const { file, words } = found.find((each) => each.words !== undefined) ?? {
    file: files[0]!,
    words: undefined,
  };
  const keys = ["thing", "things", "tag", "entry", "item_aspects", "taste_aspects"] as const;
  const missing = keys.filter((key) => typeof words?.[key] !== "string");
  if (words === undefined || missing.length > 0) {
    throw new UserError(`${file}: ${domain} needs ${missing.join(", ")}, each a text`, {
      exitCode: ExitCode.usage,
    });
  }
  return words;
}

function findFile(name: string, folders: readonly string[]): string {
  const file = folders.map((folder) => path.join(folder, name)).find((each) => existsSync(each));
  if (file === undefined) throw new Error(`the prompt ${name} is missing`);
  return file;
}

const OPTIONAL = /\{\{\s*(\w+)\s*\|([^{}|]*)\}\}/gu;

/**
 * A template for some words: `{{read|rated}}` is `{{read}}` where there is such a word, and else the
 * text behind the bar. The hash of a template counts what is left, so that a word that a domain does
 * not have changes nothing.
 */
const withoutAbsent = (text: string, words: Words): string =>
  text.replace(OPTIONAL, (_, key: string, usual: string) =>
    words[key as keyof Words] === undefined ? usual.trim() : `{{${key}}}`,
  );

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/gu;

function checkTemplate(name: TemplateName, text: string, file: string, words: Words): void {
  const known = new Set([...templateValues(name), ...Object.keys(words)]);
  const used = new Set<string>();
  for (const match of text.matchAll(PLACEHOLDER)) {
    const key = match[1]!;
    used.add(key);
    if (known.has(key)) continue;
    const line = text.slice(0, match.index).split("\n").length;
    throw new UserError(
      `${file}:${line}: {{${key}}} is not known here; known are ${[...known].join(", ")}`,
      { exitCode: ExitCode.usage },
    );
  }
  const missing = templateValues(name).filter((key) => key !== "like_above" && !used.has(key));
  if (missing.length > 0) {
    throw new UserError(`${file}: the template leaves out {{${missing.join("}}, {{")}}}`, {
      exitCode: ExitCode.usage,
    });
  }
  const filled = fill(text, {
    ...words,
    ...Object.fromEntries([...known].map((k) => [k, words[k as keyof Words] ?? ""])),
  });
  const absent = answerTags(name, words).filter((tag) => !filled.includes(`<${tag}>`));
  if (absent.length > 0) {
    throw new UserError(
      `${file}: answers are read by the tag <${absent[0]}>, which the template does not ask for`,
      { exitCode: ExitCode.usage },
    );
  }
}

function answerTags(name: TemplateName, words: Words): readonly string[] {
  if (name.includes("-reflect.")) return ["Final Judgement", "Reflection"];
  if (name.endsWith(".student")) return [];
  const knowledge = name.startsWith("user") ? "User Preference" : `${words.tag} Knowledge`;
  return [knowledge, "Final Verdict"];
}

const fill = (text: string, values: { readonly [name: string]: string }): string =>
  text.replace(PLACEHOLDER, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`the prompt's {{${key}}} has no value`);
    return value;
  });
