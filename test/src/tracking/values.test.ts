import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../../src/tracking/address.js";
import {
  batchesOf,
  cleanKey,
  LIMITS,
  shorten,
  wireMetric,
  whole,
} from "../../../src/tracking/values.js";

describe("keys", () => {
  test("that MLflow takes stay as they are", () => {
    for (const key of ["test.auc", "a/b", "x y", "a:b-c_d", "größe", "学习率"]) {
      expect(cleanKey(key)).toBe(key);
    }
  });

  test("that it refuses are made good, and two never become one", () => {
    const bad = [
      "auc@10",
      "auc,10",
      "../x",
      "/abs",
      "a//b",
      "a/./b",
      "a/",
      ".",
      "",
      "x".repeat(251),
    ];
    const good = bad.map(cleanKey);
    expect(new Set(good).size).toBe(bad.length);
    for (const key of good) {
      expect(key).toMatch(/^[\p{L}\p{N}_\-. :/]{1,250}$/u);
      expect(cleanKey(key)).toBe(key);
    }
  });

  test("of any text at all come out valid", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const key = cleanKey(text);
        expect([...key].length).toBeLessThanOrEqual(LIMITS.key);
        expect(key).toMatch(/^[\p{L}\p{N}_\-. :/]+$/u);
        const segments = key.split("/");
        expect(segments.some((one) => one === "" || one === "." || one === "..")).toBe(false);
      }),
    );
  });
});

describe("values", () => {
  test("go over the wire in the types MLflow reads", () => {
    const at = { key: "k", timestamp: 1795391947084.7, step: 3 };
    expect(wireMetric({ ...at, value: 0.5 })).toEqual({
      ...at,
      timestamp: 1795391947084,
      value: 0.5,
    });
    const odd = [NaN, Infinity, -Infinity].map((value) => wireMetric({ ...at, value }).value);
    expect(odd).toEqual(["NaN", "Infinity", "-Infinity"]);
    expect(JSON.stringify(wireMetric({ ...at, step: -0, value: 1 }))).toContain('"step":0');
    expect(() => whole(NaN)).toThrow(TypeError);
  });

  test("that are too long go to an artifact, whole, and say where they are", () => {
    expect(shorten("param", "k", "x".repeat(6000)).artifact).toBeNull();
    // Code points count, as MLflow counts them, not UTF-16 units.
    expect(shorten("param", "k", "😀".repeat(6000)).artifact).toBeNull();
    const text = "😀".repeat(6001);
    const { value, artifact } = shorten("param", "a/b", text);
    expect(artifact!.text).toBe(text);
    expect(value).toContain(artifact!.path);
    expect(value.isWellFormed()).toBe(true);
    expect(value.length).toBeLessThan(1000);
    expect(shorten("tag", "k", "x".repeat(8000)).artifact).toBeNull();
    expect(shorten("tag", "k", "x".repeat(8001)).artifact).not.toBeNull();
  });

  test("are cut into batches within MLflow's limits, none lost, in order", () => {
    const pairs = (count: number, size = 1) =>
      Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: "v".repeat(size) }));
    const metrics = Array.from({ length: 2500 }, (_, i) =>
      wireMetric({ key: "m", value: i, timestamp: i, step: i }),
    );
    const all = { tags: pairs(250, 8000), params: pairs(250, 6000), metrics };
    const batches = batchesOf(all);
    expect(batches.flatMap((batch) => batch.metrics)).toEqual(metrics);
    expect(batches.flatMap((batch) => batch.params)).toEqual(all.params);
    expect(batches.flatMap((batch) => batch.tags)).toEqual(all.tags);
    for (const batch of batches) {
      expect(batch.metrics.length).toBeLessThanOrEqual(1000);
      expect(batch.params.length).toBeLessThanOrEqual(100);
      expect(batch.tags.length).toBeLessThanOrEqual(100);
      expect(batch.metrics.length + batch.params.length + batch.tags.length).toBeLessThanOrEqual(
        1000,
      );
      expect(JSON.stringify(batch).length).toBeLessThan(1_000_000);
    }
    expect(batchesOf({ tags: [], params: [], metrics: [] })).toEqual([]);
  });
});

describe("addresses", () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

  test("sign in by userinfo, else by name and password, else by token", () => {
    const both = {
      MLFLOW_TRACKING_USERNAME: "ann",
      MLFLOW_TRACKING_PASSWORD: "pw",
      MLFLOW_TRACKING_TOKEN: "tok",
    };
    const read = (uri: string, environment: Record<string, string>) => {
      const address = parseAddress(uri, environment);
      if (!address.ok) throw address.error;
      return address.value;
    };
    expect(read("http://bob:s%40@h:5000/sub/", both)).toEqual({
      url: "http://h:5000/sub",
      authorization: basic("bob:s@"),
    });
    expect(read("http://h", both).authorization).toBe(basic("ann:pw"));
    expect(read("http://h", { MLFLOW_TRACKING_TOKEN: "tok" }).authorization).toBe("Bearer tok");
    expect(read("http://h", {}).authorization).toBeNull();
  });

  test("that are none are refused with what would be right, without their secrets", () => {
    for (const uri of [
      "databricks",
      "file:./mlruns",
      "sqlite:///x.db",
      "http://u:pw@",
      "ftp://u:pw@h",
    ]) {
      const address = parseAddress(uri, {});
      expect(address.ok).toBe(false);
      if (!address.ok) {
        expect(address.error.exitCode).toBe(2);
        expect(`${address.error.message} ${address.error.hint}`).not.toContain("pw");
        expect(address.error.hint).toContain("http");
      }
    }
  });
});
