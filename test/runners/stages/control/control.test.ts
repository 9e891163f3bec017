import { afterAll, describe, expect, it } from "vitest";
import type { Rows } from "../../../../runners/base/artifacts/rows.js";
import {
  filledRows,
  lengthOf,
  meanCosine,
  rowOf,
} from "../../../../runners/base/artifacts/rows.js";
import type { Vectors } from "../../../../runners/base/artifacts/vectors.js";
import { readVectors } from "../../../../runners/base/artifacts/vectors.js";
import { writeVectors } from "../../../../runners/base/artifacts/write-vectors.js";
import { controlRunner } from "../../../../runners/stages/control/runner.js";
import type { Runner } from "../../../../src/contract/runner.js";
import { newFolder, removeFolders, runStage } from "../../../support/stage.js";

afterAll(removeFolders);

/** Vectors of `count` users or items; every fifth, from the third on, has none. */
function side(count: number, width: number, phase: number): Vectors["users"] {
  const numbers = new Float32Array((count + 1) * width);
  let without = 0;
  for (let row = 1; row <= count; row++) {
    if (row % 5 === 3) without += 1;
    else {
      const at = row * width;
      for (let i = 0; i < width; i++) numbers[at + i] = 2 + Math.sin(row * 13 + i * phase);
    }
  }
  return { width, numbers, withoutText: without };
}

const real: Vectors = { model: "m", users: side(41, 6, 1), items: side(30, 9, 2) };

async function artifactOf(vectors: Vectors): Promise<string> {
  const folder = await newFolder();
  await writeVectors(folder, vectors);
  return folder;
}

async function controlled(
  control: string,
  options: {
    seed?: number | null;
    sides?: readonly string[];
    vectors?: Vectors;
    uncentred?: Vectors;
  } = {},
) {
  const { seed = 1, sides = ["users", "items"], vectors = real, uncentred } = options;
  const outcome = await runStage({
    runner: controlRunner as unknown as Runner,
    params: { control, sides, seed },
    inputs: {
      vectors: await artifactOf(vectors),
      ...(uncentred === undefined ? {} : { uncentred: await artifactOf(uncentred) }),
    },
  });
  expect(outcome.thrown).toBeUndefined();
  return outcome;
}

async function vectorsOf(...call: Parameters<typeof controlled>): Promise<Vectors> {
  const { out, error } = await controlled(...call);
  expect(error).toBeUndefined();
  return readVectors(out);
}

const textOf = (row: Float32Array): string => row.join(" ");
const textsOf = (rows: Rows): string[] =>
  filledRows(rows)
    .map((row) => textOf(rowOf(rows, row)))
    .sort();

const lengthsOf = (rows: Rows): number[] =>
  filledRows(rows).map((row) => lengthOf(rowOf(rows, row)));
const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

describe.each(["shuffled", "random", "constant"])("the control %s", (control) => {
  it.each(["users", "items"] as const)("leaves %s without a vector without", async (one) => {
    const made = await vectorsOf(control);
    expect(made[one].width).toBe(real[one].width);
    expect(made[one].withoutText).toBe(real[one].withoutText);
    expect(filledRows(made[one])).toEqual(filledRows(real[one]));
  });

  it("replaces one side alone where it is told to", async () => {
    const made = await vectorsOf(control, { sides: ["users"] });
    expect(made.items).toEqual(real.items);
    expect(made.users.numbers).not.toEqual(real.users.numbers);
    const { result } = await controlled(control, { sides: ["users"] });
    expect(result?.metrics).toMatchObject({ "users.replaced": 33, "items.replaced": 0 });
  });

  it("passes a side where nobody has a vector, and refuses vectors where nobody has one", async () => {
    const nobody = { ...real.items, numbers: new Float32Array(real.items.numbers.length) };
    const made = await vectorsOf(control, { vectors: { ...real, items: nobody } });
    expect(made.items.numbers).toEqual(nobody.numbers);
    const { error } = await controlled(control, {
      vectors: { ...real, items: nobody },
      sides: ["items"],
    });
    expect(error).toMatchObject({
      kind: "spec",
      message: `knowledge.control ${control} can't be made: none of the items has a vector`,
    });
  });
});

describe.each(["shuffled", "random"])("the control %s", (control) => {
  it("is the same for the same seed, and another for another", async () => {
    const first = await vectorsOf(control, { seed: 7 });
    expect(await vectorsOf(control, { seed: 7 })).toEqual(first);
    const other = await vectorsOf(control, { seed: 8 });
    expect(other.users.numbers).not.toEqual(first.users.numbers);
    expect(other.items.numbers).not.toEqual(first.items.numbers);
  });
});

describe("shuffled", () => {
  it.each(["users", "items"] as const)(
    "gives each of the %s the vector of another one, and each vector once",
    async (one) => {
      for (let seed = 1; seed <= 20; seed++) {
        const made = await vectorsOf("shuffled", { seed });
        expect(textsOf(made[one])).toEqual(textsOf(real[one]));
        for (const row of filledRows(real[one])) {
          expect(textOf(rowOf(made[one], row))).not.toBe(textOf(rowOf(real[one], row)));
        }
      }
    },
  );

  it("can't be made of one vector, and says so", async () => {
    const numbers = new Float32Array(real.users.numbers.length);
    numbers[real.users.width] = 1;
    const vectors = { ...real, users: { ...real.users, numbers } };
    const { error } = await controlled("shuffled", { vectors });
    expect(error?.kind).toBe("spec");
    expect(error?.message).toBe(
      "knowledge.control shuffled can't be made: one of the users has a vector, and two are needed",
    );
  });
});

describe("random", () => {
  it.each(["users", "items"] as const)(
    "gives each of the %s the vectors' mean length",
    async (one) => {
      const made = await vectorsOf("random");
      const wanted = meanOf(lengthsOf(real[one]));
      for (const length of lengthsOf(made[one])) expect(length).toBeCloseTo(wanted, 5);
      // No two are alike.
      expect(new Set(textsOf(made[one])).size).toBe(filledRows(real[one]).length);
    },
  );

  it("gives a user the same vector whoever else has one", async () => {
    const numbers = real.users.numbers.slice();
    numbers.fill(0, real.users.width, 3 * real.users.width);
    const fewer = { ...real, users: { ...real.users, numbers } };
    const [all, some] = [await vectorsOf("random"), await vectorsOf("random", { vectors: fewer })];
    const unit = (vectors: Vectors): number[] => {
      const row = rowOf(vectors.users, 10);
      return Array.from(row, (number) => number / lengthOf(row));
    };
    unit(some).forEach((number, at) => expect(number).toBeCloseTo(unit(all)[at]!, 5));
  });

  it("lies in no direction", async () => {
    const many = { model: "m", users: side(900, 64, 1), items: side(5, 4, 1) };
    const made = await vectorsOf("random", { vectors: many });
    expect(meanCosine(many.users)).toBeGreaterThan(0.5);
    expect(Math.abs(meanCosine(made.users)!)).toBeLessThan(0.001);
  });
});

describe("constant", () => {
  it.each(["users", "items"] as const)("gives all %s their mean, at mean length", async (one) => {
    const made = await vectorsOf("constant");
    const texts = new Set(textsOf(made[one]));
    expect(texts.size).toBe(1);
    const filled = filledRows(real[one]);
    const mean = Array.from({ length: real[one].width }, (_, at) =>
      meanOf(filled.map((row) => rowOf(real[one], row)[at]!)),
    );
    const factor = meanOf(lengthsOf(real[one])) / Math.sqrt(mean.reduce((s, n) => s + n * n, 0));
    rowOf(made[one], filled[0]!).forEach((number, at) =>
      expect(number).toBeCloseTo(mean[at]! * factor, 4),
    );
  });

  it("takes the mean from the vectors before they were centred", async () => {
    const centred = { ...real, items: side(30, 9, 5) };
    const made = await vectorsOf("constant", {
      vectors: centred,
      uncentred: real,
      sides: ["users"],
    });
    expect(made.users).toEqual((await vectorsOf("constant")).users);
    expect(made.items).toEqual(centred.items);
  });

  it("can't be made of vectors whose mean is zero, and says so", async () => {
    const width = 2;
    const numbers = Float32Array.from([0, 0, 1, 0, -1, 0]);
    const users = { width, numbers, withoutText: 0 };
    const { error } = await controlled("constant", { vectors: { ...real, users } });
    expect(error?.message).toBe(
      "knowledge.control constant can't be made: the mean of the users' vectors is zero",
    );
  });
});
