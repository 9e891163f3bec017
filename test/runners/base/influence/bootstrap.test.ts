import { expect, test } from "vitest";
import { influences, testSplit } from "../../../../runners/base/influence/influence.js";
import { quality } from "../../../../runners/stages/ctr/metrics.js";
import { combine } from "../../../../src/statistics/combine.js";
import { deviation } from "../../../../src/statistics/seeds.js";

const USERS = 300;
const ROUNDS = 2000;
/** A bootstrap of 2000 rounds knows its standard error to 1.6 % (1/√4000); this is 4 times that. */
const TOLERANCE = 0.064;

/** A seeded generator of numbers in (0, 1): the linear congruential one of Park and Miller. */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

interface Sample {
  readonly label: number;
  readonly a: number;
  readonly b: number;
}

/** Samples by user. A user's samples share a taste that B knows worse than A, so that they cluster. */
function population(): Sample[][] {
  const random = generator(20_117);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const sigmoid = (x: number): number => Math.fround(1 / (1 + Math.exp(-x)));
  return Array.from({ length: USERS }, () => {
    const taste = 1.2 * normal();
    const seen = { a: taste + 0.5 * normal(), b: 0.6 * taste + 0.9 * normal() };
    return Array.from({ length: 4 + Math.floor(10 * random()) }, () => {
      const item = normal();
      return {
        label: random() < sigmoid(taste + item) ? 1 : 0,
        a: sigmoid(seen.a + 0.8 * item + 0.3 * normal()),
        b: sigmoid(seen.b + 0.6 * item + 0.6 * normal()),
      };
    });
  });
}

const METRICS = ["auc", "logloss", "gauc"] as const;
const people = population();

/** Samples as columns; each user drawn is one of their own, even where it is drawn twice. */
function columns(drawn: readonly Sample[][]) {
  const all = drawn.flat();
  return {
    labels: Uint8Array.from(all, ({ label }) => label),
    users: Int32Array.from(drawn.flatMap((one, user) => one.map(() => user))),
    a: Float32Array.from(all, ({ a }) => a),
    b: Float32Array.from(all, ({ b }) => b),
  };
}

/** Standard errors of A − B by metric, over draws of users with replacement. */
function bootstrap(): { [metric in (typeof METRICS)[number]]: number } {
  const random = generator(7);
  const values = { auc: [] as number[], logloss: [] as number[], gauc: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const { labels, users, a, b } = columns(
      people.map(() => people[Math.floor(USERS * random())]!),
    );
    const [first, second] = [quality(a, labels, users), quality(b, labels, users)];
    for (const metric of METRICS) values[metric].push(first[metric]! - second[metric]!);
  }
  return {
    auc: deviation(values.auc)!,
    logloss: deviation(values.logloss)!,
    gauc: deviation(values.gauc)!,
  };
}

/** Standard error of A − B by the influences of units, with one seed. */
function byInfluence(metric: (typeof METRICS)[number], unitOf: Int32Array): number {
  const { labels, a, b } = columns(people);
  const split = testSplit(unitOf, labels);
  const [first, second] = [influences(a, split)[metric]!, influences(b, split)[metric]!];
  const difference = first.value - second.value;
  const result = combine([{ seed: "1", fold: "", difference, a: first, b: second }]);
  if ("reason" in result) throw new Error(result.reason);
  return result.sureness.se;
}

const drawn = bootstrap();

test.each(METRICS)(
  "the standard error of a difference of %s is a bootstrap's over users",
  (name) => {
    const ratio = byInfluence(name, columns(people).users) / drawn[name];
    expect(Math.abs(ratio - 1)).toBeLessThan(TOLERANCE);
  },
);

test.each(["auc", "logloss"] as const)(
  "the bootstrap tells samples that stand alone from those of a user (%s)",
  (name) => {
    const alone = Int32Array.from(columns(people).labels.keys());
    expect(byInfluence(name, alone) / drawn[name]).toBeLessThan(1 - 2 * TOLERANCE);
  },
);
