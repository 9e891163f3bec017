import { describe, expect, it } from "vitest";
import {
  checkKnowledge,
  ignoredKnowledge,
  knowledgeStage,
} from "../../../runners/composition/index.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import type { StageRequest } from "../../../src/contract/runner.js";
import { science } from "../../../runners/registry.js";
import { read, spec } from "../../src/spec/read.js";
import {
  complete,
  datasetRequest,
  graphOf,
  identityOf,
  nowhere,
  settingsOf,
  stageOf,
} from "../../support/knowledge/settings.js";

const files = { users: "users.npy", items: "items.npy" };
const vectorsOfUser = { variant: "file", file: files };

const plan = (knowledge: Json, seed = 1): StageRequest => stageOf(knowledge, nowhere, { seed });
const chain = (knowledge: Json): readonly string[] =>
  graphOf(plan(knowledge)).map(({ runner }) => runner);

describe("a control as a stage", () => {
  it.each<[string, Json, readonly string[]]>([
    ["stands behind embed", { variant: "kar" }, ["dataset", "think", "embed", "control"]],
    ["stands behind vectors of one's own", vectorsOfUser, ["dataset", "file", "control"]],
    [
      "stands behind centring",
      { variant: "profile", embed: { engine: "encoder", center: true } },
      ["dataset", "profile", "embed", "center", "control"],
    ],
    [
      "stands behind centring of vectors of one's own",
      { ...vectorsOfUser, embed: { center: true } },
      ["dataset", "file", "center", "control"],
    ],
  ])("%s", (_, knowledge, runners) => {
    expect(chain({ ...(knowledge as JsonObject), control: "shuffled" })).toEqual(runners);
    expect(chain({ ...(knowledge as JsonObject), control: "off" })).toEqual(runners.slice(0, -1));
  });

  it.each(["random", "constant"])("%s has nothing to do with centring", (control) => {
    const knowledge = { variant: "profile", control };
    const centred = { ...knowledge, embed: { center: true } };
    expect(identityOf(plan(centred))).toBe(identityOf(plan(knowledge)));
    const why = `knowledge.control ${control} is made from the vectors before they are centred`;
    expect(ignoredKnowledge(complete(centred))).toContainEqual({
      path: "knowledge.embed.center",
      because: why,
    });
    // Of one side: the other side is centred, and the control sees its own side as it was.
    const one = plan({ ...centred, control_side: "users" });
    expect(Object.values(one.inputs).map(({ runner }) => runner)).toEqual(["center", "embed"]);
  });

  it("follows the cell's seed where something is drawn, and only there", () => {
    for (const control of ["shuffled", "random"]) {
      const knowledge = { variant: "profile", control };
      expect(plan(knowledge, 1).params).toEqual({ control, sides: ["users", "items"], seed: 1 });
      expect(identityOf(plan(knowledge, 2))).not.toBe(identityOf(plan(knowledge, 1)));
    }
    const constant = { variant: "profile", control: "constant" };
    expect(identityOf(plan(constant, 2))).toBe(identityOf(plan(constant, 1)));
    expect(identityOf(plan("profile", 2))).toBe(identityOf(plan("profile", 1)));
  });

  it("is one request for all cells of a seed", () => {
    const settings = settingsOf({ variant: "r4ec", control: "shuffled" });
    const of = (seed: number) => knowledgeStage({ ...settings, seed }, nowhere, datasetRequest)!;
    expect(of(1)).toBe(of(1));
    expect(of(1).inputs["vectors"]).toBe(of(2).inputs["vectors"]);
  });

  it("tells its side", () => {
    const sided = plan({ variant: "profile", control: "random", control_side: "items" });
    expect(sided.params).toMatchObject({ sides: ["items"] });
    expect(sided.label).toBe("random items of profile");
  });
});

describe("settings of controls without effect", () => {
  const remarks = (knowledge: string): readonly string[] => {
    const result = read(spec(`knowledge: ${knowledge}\n`), science);
    const said = result.ok ? result.value.diagnostics : result.error;
    return said.flatMap(({ severity, message }) =>
      severity === "warning" ? [] : [`${severity}: ${message}`],
    );
  };

  it("are refused, and leave nothing out in silence", () => {
    const readers = "only profile, file, kar, r2ec and r4ec read it";
    expect(remarks("{variant: none, control: random}")).toEqual([
      `error: knowledge.control has no effect: ${readers}; remove it`,
    ]);
    expect(remarks("{variant: profile, embed: encoder, control_side: users}")).toEqual([
      "error: knowledge.control_side has no effect: knowledge.control is off; remove it",
    ]);
    expect(
      remarks("{variant: profile, embed: {engine: encoder, center: true}, control: constant}"),
    ).toEqual([
      "error: knowledge.embed.center has no effect: knowledge.control constant is made from the vectors before they are centred; remove it",
    ]);
    expect(
      remarks("{variant: profile, embed: {engine: encoder, center: true}, control: shuffled}"),
    ).toEqual([]);
  });

  it("leave centring of vectors of one's own, and nothing else of embed", () => {
    const embed = (center: boolean) =>
      (settingsOf({ ...vectorsOfUser, embed: { center } })["knowledge"] as JsonObject)["embed"];
    expect(embed(true)).toEqual({ center: true });
    expect(embed(false)).toBeUndefined();
    // No engine is left that could find fault.
    const centred = settingsOf({ ...vectorsOfUser, embed: { center: true } });
    expect(checkKnowledge(centred, nowhere).map(({ path }) => path)).toEqual([
      "knowledge.file.users",
      "knowledge.file.items",
    ]);
  });
});

describe("a shuffle of one", () => {
  const mistakes = (knowledge: Json) =>
    checkKnowledge(settingsOf(knowledge), nowhere).map(
      ({ path, message }) => `${path}: ${message}`,
    );
  const one = { variant: "kar", users: 1, control: "shuffled" };

  it("is refused before anything runs", () => {
    expect(mistakes(one)).toEqual([
      "knowledge.users: knowledge.control shuffled needs two users with a vector; 1 has one",
    ]);
  });

  it("is none where the other side is shuffled, or nothing is", () => {
    expect(mistakes({ ...one, control_side: "items" })).toEqual([]);
    expect(mistakes({ ...one, control: "random" })).toEqual([]);
    expect(mistakes({ ...one, users: 2 })).toEqual([]);
  });
});
