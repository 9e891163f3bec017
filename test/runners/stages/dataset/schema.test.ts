import { expect, test } from "vitest";
import { formOf } from "../../../../runners/stages/dataset/schema.js";
import { sourceOf, sources } from "../../../../runners/stages/dataset/sources.js";
import type { Source } from "../../../../runners/stages/dataset/source.js";

const propertiesOf = (source: Source, all: readonly Source[]) =>
  formOf(source, all)["properties"] as { readonly [setting: string]: object };

const ml1m = sourceOf("ml-1m")!;
const ownPath = { description: "Comics: the folder of its files.", type: "string" };
const comics: Source = {
  ...ml1m,
  id: "comics",
  ratings: 10,
  defaults: { like_above: 7, user_core: 1, item_core: 1 },
  properties: { path: ownPath },
};

test("a data set's block describes its settings in its own words, whatever other data sets call alike", () => {
  const all = [...sources, comics];
  expect(propertiesOf(comics, all)["path"]).toEqual(ownPath);
  expect(propertiesOf(ml1m, all)["path"]).toEqual(ml1m.properties["path"]);
  expect(propertiesOf(comics, all)).toHaveProperty("day_zone");
});

test("like_above reaches up to a data set's own largest rating", () => {
  expect(propertiesOf(comics, sources)["like_above"]).toMatchObject({
    exclusiveMaximum: 10,
    default: 7,
  });
  for (const source of sources) {
    const { ratings } = source;
    expect(propertiesOf(source, sources)["like_above"]).toMatchObject(
      // A table's largest rating shows in its file alone.
      ratings === null ? { type: "number" } : { exclusiveMaximum: ratings },
    );
  }
});
