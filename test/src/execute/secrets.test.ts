import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lab } from "../../support/engine.js";
import { keys, secrets } from "../base/secrets.js";

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

interface Planted {
  readonly address: string;
  readonly server: string;
  readonly variable: string;
  readonly note: string;
  readonly comment: string;
}

/** A spec with a secret in every place where a user could put one. */
const specOf = (planted: Planted, act: string): string => `name: leaky
# The key is ${planted.comment}
description: ${JSON.stringify(`asks http://ann:${planted.server}@h.example/ and ${planted.note}`)}
toy:
  act: ${act}
  address: ${JSON.stringify(`https://ann:${planted.address}@h.example:8443/v1`)}
  key_env: ${JSON.stringify(planted.variable)}
  note: ${planted.note}
tracking: {mlflow: {uri: ${JSON.stringify(`http://bob:${planted.server}@127.0.0.1:5000`)}}}
sweep: {grid: {seed: [1, 2]}}
`;

/** Files below a folder that hold one of the texts, each with the text. */
function leaksIn(folder: string, texts: readonly string[], except: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !except.includes(name.split(path.sep)[0]!))
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .flatMap((name) => {
      const content = readFileSync(path.join(folder, name), "latin1");
      return texts
        .filter((text) => content.includes(Buffer.from(text).toString("latin1")))
        .map((text) => `${name}: ${text}`);
    });
}

/** A secret as it may be spelled in a file or in a line. */
const spellings = (secret: string): string[] => [
  ...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]),
];

describe("secrets in a spec", () => {
  // Each seed plants others; a failure names its seed.
  it.each([
    ["tell", 1],
    ["tell-and-fail", 2],
    ["tell-and-crash", 3],
    ["tell", 4],
  ])("reach no file and no output of a sweep whose stages %s (seed %i)", async (act, seed) => {
    const [planted] = fc.sample(
      fc.record({
        address: secrets,
        server: secrets,
        variable: secrets,
        note: keys,
        comment: keys,
      }),
      { seed, numRuns: 1 },
    ) as [Planted];
    const spec = await lab.spec(specOf(planted, act));
    const wrong = await lab.spec(
      specOf(planted, act).replace("  address:", "  adress:").replace("note: ", "seed: "),
      "wrong.yaml",
    );
    const bad = `htp://ann:${planted.server}@h.example`;
    let output = "";
    for (const call of [
      ["validate", spec],
      ["validate", wrong],
      ["validate", wrong, "--json"],
      ["plan", spec, "--json"],
      ["sweep", spec],
      ["sweep", spec, "--json"],
      ["status", "--json"],
      ["compare", spec],
      ["explain", spec],
      ["plan", spec, "--mlflow-uri", bad],
    ]) {
      const { code, stdout, stderr } = await lab.run(...call);
      expect(code, `${call.join(" ")}: ${stderr}`).not.toBe(70);
      output += `${call[0]}\n${stdout}${stderr}`;
    }
    // The stages did speak: what they said is there, but for the secrets.
    expect(output).toContain("https://***@h.example:8443/v1");
    const texts = Object.values(planted).flatMap(spellings);
    expect(texts.filter((text) => output.includes(text))).toEqual([]);
    expect(leaksIn(lab.folder, texts, [spec, wrong, "toy"])).toEqual([]);
    const kept = readdirSync(lab.store, { recursive: true, encoding: "utf8" });
    const read = (end: string): string =>
      readFileSync(
        path.join(
          lab.store,
          kept.find((name) => name.endsWith(end))!,
        ),
        "utf8",
      );
    expect(read("spec.yaml")).toContain("name: leaky");
    expect(read("spec.yaml")).toContain("https://***@h.example:8443/v1");
    expect(read(".log")).toContain("asking https://***@h.example:8443/v1");
  });
});
