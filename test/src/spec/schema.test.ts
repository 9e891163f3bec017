import { mistakesOfSpec } from "../../../src/spec/mistakes.js";
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { science } from "../../../runners/registry.js";
import { generate, generatedFiles } from "../../../src/spec/generate.js";
import { loadSpec } from "../../../src/spec/index.js";
import { assembleSchema, undescribed } from "../../../src/spec/schema.js";
import { usualAnswers } from "../../../src/contract/starter.js";
import { Validator } from "../../../src/spec/validator.js";
import { read, spec } from "./read.js";
import { shapes } from "./shapes.js";

const root = new URL("../../../", import.meta.url);
const { questions, write } = science.starter;
const starterText = write(usualAnswers(questions({ folder: "." }, ".")), "x");
const text = (file: string): string => readFileSync(new URL(file, root), "utf8");

describe("generated files", () => {
  it("stand as the fragments make them (mend: npm run schema)", async () => {
    for (const [file, content] of generate(science)) {
      expect(text(file) === content, `${file} is fresh`).toBe(true);
    }
  });

  it("do not depend on the machine's locale or folder: they name neither", async () => {
    for (const content of generate(science).values()) {
      expect(content).not.toContain(process.cwd());
    }
  });
});

/** What editors show of a form in place of its description is no keyword of JSON Schema, and decides nothing. */
const strict = { strict: true, allowUnionTypes: true, keywords: ["markdownDescription"] };

describe("the schema", () => {
  const { root: schema, settings } = assembleSchema(science);

  it("describes every property", () => {
    expect(undescribed(schema)).toEqual([]);
  });

  it("is a strict draft 2020-12 schema by itself", () => {
    const ajv = new Ajv2020(strict);
    const validate = ajv.compile(JSON.parse(text(generatedFiles.schema)) as object);
    expect(validate(parse(starterText))).toBe(true);
    expect(
      validate({ name: "t", dataset: "ml-100k", sweep: { grid: { "ctr.epochs": [0] } } }),
    ).toBe(false);
  });

  it("takes the settings of modules where an editor reads it, and no mistake beside them", () => {
    const ajv = new Ajv2020(strict);
    const validate = ajv.compile(JSON.parse(text(generatedFiles.schema)) as object);
    const fits = (rest: object): boolean =>
      validate({ name: "t", dataset: "ml-100k", backbone: "./nfm.mjs", ...rest });
    const sample = { trials: 1, seed: 1, space: { "ctr.nfm.hidden": { choice: [[1]] } } };
    expect(fits({ ctr: { nfm: { hidden: [64, 32] } } })).toBe(true);
    expect(fits({ sweep: { grid: { "ctr.nfm.hidden": [[64], [128]] }, sample } })).toBe(true);
    expect(fits({ sweep: { exclude: [{ "ctr.nfm.hidden": [64] }] } })).toBe(true);
    for (const wrong of [
      { ctr: { epoch: 3 } },
      { ctr: { din: { attentions: [1] } } },
      { sweep: { grid: { "ctr.epoch": [3] } } },
      { sweep: { grid: { "ctr.adaptor.tpye": ["hea"] } } },
      { sweep: { grid: { "knowledge.nfm.hidden": [1] } } },
    ]) {
      expect(fits(wrong), JSON.stringify(wrong)).toBe(false);
    }
    expect(validate({ name: "t", dataset: "ml-100k", sweep: { grid: { "ctr.epoch": [1] } } })).toBe(
      false,
    );
  });

  it("has defaults that fit it", () => {
    const validator = new Validator(assembleSchema(science));
    const result = read("name: t\ndataset: ml-100k\n", science);
    expect(result.ok).toBe(true);
    const resolved = result.ok ? result.value.resolved : {};
    expect(mistakesOfSpec(validator, resolved)).toEqual([]);
  });

  it("knows the settings that a sweep most often varies", () => {
    for (const path of [
      "dataset",
      "knowledge.variant",
      "backbone",
      "seed",
      "ctr.learning_rate",
      "ctr.adaptor.type",
    ]) {
      expect(settings.has(path), path).toBe(true);
    }
    for (const path of ["name", "sweep", "tracking.mlflow", "resources.gpus"]) {
      expect(settings.has(path), path).toBe(false);
    }
  });

  it("refuses a fragment without descriptions or with keywords that do nothing", async () => {
    const fragment = (inner: object) =>
      ({
        ...shapes,
        fragments: {
          ...shapes.fragments,
          extra: { description: "x", type: "object", properties: { a: inner } },
        },
      }) as never;
    expect(() => generate(fragment({ type: "integer" }))).toThrow("no description at");
    expect(() => generate(fragment({ description: "x", type: "integer", minLength: 3 }))).toThrow(
      "strict mode",
    );
  });
});

describe("specs that come with r4ec", () => {
  const folder = new URL("experiments/", root);
  // Folders of prompts hold a words.yaml, which is no spec.
  const specs = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".yaml") && !file.includes("prompts/"),
  );

  it.each(specs)("%s reads without an error or warning about its settings", async (file) => {
    const result = await loadSpec(new URL(file, folder).pathname, science);
    const found = result.ok ? result.value.diagnostics : result.error;
    // Specs of the paper name data that a researcher has to put there.
    expect(
      found.filter(
        ({ severity, message }) =>
          severity !== "hint" && !/there is no|not there|missing/i.test(message),
      ),
    ).toEqual([]);
  });

  it("the starter of init is valid, without a remark", () => {
    const result = read(starterText, science);
    expect(result.ok ? result.value.diagnostics : result.error).toEqual([]);
    expect(result.ok ? result.value.cells.length : 0).toBe(54);
  });
});

describe("a science with one fragment more", () => {
  it("has its settings in spec, axes and ids without a change elsewhere", () => {
    const wider = {
      ...shapes,
      fragments: {
        ...shapes.fragments,
        extra: {
          description: "More.",
          type: "object",
          additionalProperties: false,
          properties: { depth: { description: "Depth.", type: "integer", default: 2 } },
        },
      },
    };
    const result = read(spec("sweep: {grid: {extra.depth: [1, 2]}}\n"), wider);
    expect(result.ok ? result.value.cells.map(({ settings }) => settings["extra"]) : []).toEqual([
      { depth: 1 },
      { depth: 2 },
    ]);
  });
});
