import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { cardsAsked, checkGpus, gpusSetting } from "../../../../runners/base/stage/gpus.js";
import { cardsOfKnowledge } from "../../../../runners/composition/index.js";

describe("a setting of GPUs", () => {
  const takes = new Ajv2020({ strict: false }).compile(gpusSetting("one stage"));

  it("is a number of them, a share of one, or memory of one with its unit", () => {
    for (const right of [1, 4, 0.25, "16G", "512M"]) expect(takes(right), `${right}`).toBe(true);
    for (const wrong of [0, -1, "16", "0G", "G", "16 GB", "16GiB", "1.5G", "-4G", "all", null]) {
      expect(takes(wrong), `${wrong}`).toBe(false);
    }
    expect(checkGpus(1.5, "infer.gpus")).toHaveLength(1);
    for (const right of [2, 0.5, "16G"]) expect(checkGpus(right, "infer.gpus")).toEqual([]);
  });

  it("asks for so many cards, or for one and so much of its memory", () => {
    expect(cardsAsked(undefined)).toEqual({ gpus: 1 });
    expect(cardsAsked(0.25)).toEqual({ gpus: 0.25 });
    expect(cardsAsked("16G")).toEqual({ gpus: 1, gpuMemory: 16_384 });
    expect(cardsAsked("512M")).toEqual({ gpus: 1, gpuMemory: 512 });
  });

  it("is told of every block that has one, so that a sweep can refuse what no machine has", () => {
    const knowledge = {
      teacher: { server: "r4ec", gpus: 2 },
      finetune: { gpus: 0.5 },
      infer: { gpus: "100G" },
      embed: { model: "x" },
    };
    expect(cardsOfKnowledge({ knowledge })).toEqual([
      { path: "knowledge.teacher.gpus", count: 2 },
      { path: "knowledge.finetune.gpus", count: 1 },
      { path: "knowledge.infer.gpus", count: 1, memory: 102_400 },
    ]);
    // A teacher that somebody else serves takes none.
    const hosted = { teacher: { model: "gpt-4o", server: null, gpus: 2 } };
    expect(cardsOfKnowledge({ knowledge: hosted })).toEqual([]);
  });
});
