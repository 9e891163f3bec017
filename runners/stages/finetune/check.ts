import { readFileSync, statSync } from "node:fs";
import type { Finding } from "../../../src/base/diagnostic.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import type { SampleClass } from "../../base/artifacts/samples.js";
import { memoByFile } from "../../base/files/memo-by-file.js";
import { isFile, resolvePath } from "../../base/files/spec-path.js";
import { checkGpus } from "../../base/stage/gpus.js";
import { mistake } from "../../base/stage/mistake.js";
import { RESERVED } from "./config.js";
import { readSamples } from "./read-samples.js";
import { bringsSamples, type FinetuneSettings } from "./settings.js";

/**
 * Mistakes in fine-tuning that the schema can't see: samples of the user's own that are missing, and
 * options of LLaMA-Factory that are r4ec's to set.
 *
 * @param where dotted path of the block
 * @param needed classes of samples without which nothing can be learned
 * @param who what the samples are for: a variant's name
 */
export function checkFinetune(
  settings: FinetuneSettings,
  where: string,
  place: SpecPlace,
  needed: readonly SampleClass[],
  who: string,
): readonly Finding[] {
  return [
    ...checkGpus(settings.gpus, `${where}.gpus`),
    ...(bringsSamples(settings)
      ? checkSamples(settings, `${where}.samples`, place, needed, who)
      : []),
    ...(["llamafactory", "actor", "reflector"] as const).flatMap((block) =>
      Object.keys(settings[block] ?? {})
        .filter((option) => RESERVED.includes(option))
        .map((option) =>
          mistake(`${where}.${block}.${option}`, `${option} is r4ec's to set; leave it out`),
        ),
    ),
  ];
}

/** Bytes of a file of samples that a check reads; a larger one is read by its stage alone. */
const MOST_READ = 32e6;
/** What is wrong with a file of samples; null: nothing. */
const mistakeIn = memoByFile<string | null>();

function checkSamples(
  { samples }: FinetuneSettings,
  where: string,
  place: SpecPlace,
  needed: readonly SampleClass[],
  who: string,
): readonly Finding[] {
  const missing = Object.entries(samples).flatMap(([name, file]) => {
    if (file === null) return [];
    const found = resolvePath(file, place);
    if (!isFile(found)) {
      return [mistake(`${where}.${name}`, `there is no file ${file} (${found})`)];
    }
    if (statSync(found).size > MOST_READ) return [];
    const wrong = mistakeIn("samples", found, () => {
      const read = readSamples(readFileSync(found, "utf8"));
      return typeof read === "string" ? read : null;
    });
    return wrong === null ? [] : [mistake(`${where}.${name}`, `${file}: ${wrong}`)];
  });
  const lacking = needed
    .filter((name) => typeof samples[name] !== "string")
    .map((name) => {
      const what = `with your own samples, ${who} also needs ${name} samples`;
      return mistake(where, `${what}: set ${where}.${name}`);
    });
  return [...missing, ...lacking];
}
