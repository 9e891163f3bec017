import { execa } from "execa";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareIds } from "../../../../runners/stages/dataset/build.js";
import { cleanText, unescapeHtml } from "../../../../runners/stages/dataset/clean-text.js";
import { Column } from "../../../../runners/stages/dataset/column.js";
import { coreRows } from "../../../../runners/stages/dataset/core.js";
import { dayIn, isTimeZone } from "../../../../runners/stages/dataset/day.js";
import { IdTable } from "../../../../runners/stages/dataset/ids.js";

test("the core is what striking off rows one at a time leaves", () => {
  const ratings = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 60 });
  fc.assert(
    fc.property(
      ratings,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      (pairs, k, l) => {
        let left = pairs.map(([user, item], row) => ({ user, item, row }));
        for (;;) {
          const lost = left.find(
            (one) =>
              left.filter(({ user }) => user === one.user).length < k ||
              left.filter(({ item }) => item === one.item).length < l,
          );
          if (lost === undefined) break;
          left = left.filter((one) => one !== lost);
        }
        const user = Int32Array.from(pairs, ([u]) => u);
        const item = Int32Array.from(pairs, ([, i]) => i);
        expect([...coreRows({ user, item }, k, l)]).toEqual(left.map(({ row }) => row));
      },
    ),
    { numRuns: 500 },
  );
});

test("ids are numbered by first appearance and read back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 4 }), { maxLength: 300 }),
      (texts) => {
        const table = new IdTable();
        const distinct = [...new Set(texts.map((text) => text.toWellFormed()))];
        const numbers = texts.map((text) => table.internText(text.toWellFormed()));
        expect(numbers).toEqual(texts.map((text) => distinct.indexOf(text.toWellFormed())));
        expect(distinct.map((_, id) => table.text(id))).toEqual(distinct);
        expect(table.size).toBe(distinct.length);
      },
    ),
  );
});

test("a table of 200,000 ids finds every one again", () => {
  const table = new IdTable();
  const wrong: number[] = [];
  for (let i = 0; i < 200_000; i++) if (table.internText(`A${i}`) !== i) wrong.push(i);
  for (let i = 0; i < 200_000; i += 7) if (table.internText(`A${i}`) !== i) wrong.push(i);
  expect(wrong).toEqual([]);
  expect(table.size).toBe(200_000);
});

test("a column gives back what was pushed, over blocks", () => {
  const column = new Column((length) => new Int32Array(length));
  const length = Column.blockLength * 2 + 5;
  for (let i = 0; i < length; i++) column.push(i);
  const all = column.take();
  expect(all.length).toBe(length);
  expect(all.every((value, i) => value === i)).toBe(true);
});

test("numeric ids are in order of value, before others", () => {
  expect(["b", "10", "9", "a", "0123", "B00"].sort(compareIds)).toEqual([
    "9",
    "10",
    "0123",
    "B00",
    "a",
    "b",
  ]);
});

test.each(["UTC", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"])(
  "the day of %s is the calendar's",
  (zone) => {
    const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
    const dayOf = dayIn(zone);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_800_000_000 }), (seconds) => {
        const day = new Date(dayOf(seconds) * 86_400_000).toISOString().slice(0, 10);
        expect(day).toBe(format.format(seconds * 1000));
      }),
      { numRuns: 1500 },
    );
    // Around the minute past midnight at which this zone's clocks were changed in 1998.
    for (let seconds = 909_270_000; seconds < 909_300_000; seconds += 30) {
      const day = new Date(dayOf(seconds) * 86_400_000).toISOString().slice(0, 10);
      expect(day).toBe(format.format(seconds * 1000));
    }
  },
);

test("a name that is no time zone is told apart", () => {
  expect(isTimeZone("Asia/Shanghai")).toBe(true);
  expect(isTimeZone("Asia/Atlantis")).toBe(false);
});

test("HTML is unescaped to the letter as Python does it", async () => {
  const piece = fc.constantFrom(
    ...["&", "#", "x", ";", "amp", "lt", "notit", "not", "eacute", "hellip", "copy", "AMP", "nbsp"],
    ...[
      "&#8217;",
      "&#39",
      "&#x27;",
      "&#150;",
      "&#0;",
      "&#1;",
      "&#55296;",
      "&#1114112;",
      "&#65534;",
    ],
    ...[
      "&#11;",
      "&#13;",
      "&#127;",
      "&#64976;",
      "&#xZ;",
      "&#99999999999999999999;",
      "&NotEqualTilde;",
    ],
    ...["&amp;amp;", "&ThickSpace;", " ", "a", "é", "<", "\n", "&Afr;", "&#129;", "&#x80"],
  );
  const texts = fc.sample(
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("")),
    {
      numRuns: 4000,
      seed: 7,
    },
  );
  const script =
    "import html,json,sys; print(json.dumps([html.unescape(t) for t in json.load(sys.stdin)]))";
  const { stdout } = await execa("python3", ["-c", script], { input: JSON.stringify(texts) });
  expect(texts.map(unescapeHtml)).toEqual(JSON.parse(stdout));
});

test.each([
  ["  The “Best”\u2026 of ‘A’ &amp; B  ", `The "Best" of 'A' & B`],
  ["line\r\nbreak — dash − minus – en", "line break - dash - minus - en"],
  ["【A】 one‚ two´s 5″", `[A] one, two's 5"`],
  ["&amp;quot;twice&amp;quot; &amp;lt;b&amp;gt;", '"twice" <b>'],
  ["R&D® Guide™ \u00a0 now", "R&D Guide now"],
  ["Caf\u00e9", null],
  ["123 456", null],
  ["ab", null],
  ["", null],
  ["A".repeat(151), null],
  [`${"word ".repeat(28)}abc, - defgh ijklmn`, `${"word ".repeat(28)}abc`],
])("the text %j becomes %j", (raw, clean) => {
  expect(cleanText(raw)).toBe(clean);
});
