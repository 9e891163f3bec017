import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rewriteNames } from "../../../../../runners/stages/ctr/rewrites/index.js";
import { readCase, type GoldenCase } from "../../../../../runners/stages/ctr/parity/case.js";
import { compareCase } from "../../../../../runners/stages/ctr/parity/compare.js";

const folder = fileURLToPath(new URL("../../../../data/ctr-parity", import.meta.url));
const files = (await readdir(folder)).filter((file) => file.endsWith(".json"));
const golden = (file: string): Promise<GoldenCase> => readCase(path.join(folder, file));

describe("parity with the reference", () => {
  it("covers all 28 golden cases", () => {
    expect(files).toHaveLength(28);
  });

  it.each(files)("%s agrees without any rewrite too", async (file) => {
    const { mismatches, worst } = compareCase(await golden(file), new Set());
    expect({ mismatches, worst }).toEqual({ mismatches: [], worst });
  });

  it.each(files)("%s: scores, loss, gradients, five steps and parameters agree", async (file) => {
    const { mismatches, worst, leftOut } = compareCase(await golden(file));
    expect({ mismatches, worst }).toEqual({ mismatches: [], worst });
    const allowed = file.startsWith("gru4rec") ? ["intra_item_attn.in_proj_bias"] : [];
    expect(leftOut.map(({ name }) => name)).toEqual(allowed);
  });
});

describe("a golden case that differs", () => {
  it("in one weight is noticed", async () => {
    const right = await golden("din-none.json");
    const name = "map_layer.weight";
    const { shape, data } = right.params[name]!;
    const params = {
      ...right.params,
      [name]: { shape, data: data.map((x, i) => (i === 5 ? x + 0.1 : x)) },
    };
    expect(compareCase({ ...right, params }).mismatches).toContain("prob");
  });

  it("in one expected gradient, loss or parameter is noticed", async () => {
    const right = await golden("autoint-none.json");
    const { expect: expected } = right;
    const digest = expected.grads["attn_out.weight"]!;
    const grads = { ...expected.grads, "attn_out.weight": { ...digest, sum: digest.sum + 0.01 } };
    expect(compareCase({ ...right, expect: { ...expected, grads } }).mismatches).toEqual([
      "gradient",
    ]);
    const losses = expected.losses.map((loss, i) => (i === 4 ? loss * 1.001 : loss));
    expect(compareCase({ ...right, expect: { ...expected, losses } }).mismatches).toEqual([
      "losses",
    ]);
    const after = expected.params_after["attn_out.bias"]!;
    const params_after = {
      ...expected.params_after,
      "attn_out.bias": { ...after, l2: after.l2 * 1.01 },
    };
    expect(compareCase({ ...right, expect: { ...expected, params_after } }).mismatches).toEqual([
      "params",
    ]);
  });

  it("by a parameter that our model lacks, or lacks one of ours, is an error", async () => {
    const right = await golden("dcnv2-none.json");
    const unknown = { ...right.params, "extra.weight": { shape: [1], data: [1] } };
    expect(() => compareCase({ ...right, params: unknown })).toThrow("extra.weight");
    const fewer = Object.entries(right.params).filter(([name]) => name !== "final_fc.bias");
    expect(() => compareCase({ ...right, params: Object.fromEntries(fewer) })).toThrow(
      "logit.bias",
    );
  });
});

describe("npm run parity", () => {
  const program = fileURLToPath(
    new URL("../../../../../dist/bench/parity/index.js", import.meta.url),
  );
  let scratch: string;
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "parity-"));
  });
  afterAll(() => rm(scratch, { recursive: true }));

  const run = async (
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> => {
    try {
      return { code: 0, ...(await promisify(execFile)(process.execPath, [program, ...args])) };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };

  it("prints a line a case and ends with 1 where one differs or can't be read", async () => {
    const right = await golden("deepfm-none.json");
    await writeFile(path.join(scratch, "a-right.json"), JSON.stringify(right));
    const ok = await run(scratch);
    expect(ok.code).toBe(0);
    expect(ok.stdout).toMatch(/^a-right\.json +ok +prob /);

    const wrong = { ...right, expect: { ...right.expect, loss: right.expect.loss + 0.1 } };
    await writeFile(path.join(scratch, "b-wrong.json"), JSON.stringify(wrong));
    await writeFile(path.join(scratch, "c-broken.json"), "{");
    const failed = await run(scratch);
    expect(failed.code).toBe(1);
    const lines = failed.stdout.trim().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^a-right\.json +ok /);
    expect(lines[1]).toMatch(/^b-wrong\.json +MISMATCH in loss/);
    expect(lines[2]).toMatch(/^c-broken\.json +FAILED/);
    expect(lines[3]).toBe("1 of 3 cases agree");
  });

  it("agrees without all rewrites, and lists their names where one is unknown", async () => {
    const folder = path.join(scratch, "one");
    await mkdir(folder);
    await writeFile(
      path.join(folder, "case.json"),
      JSON.stringify(await golden("autoint-none.json")),
    );
    const all = rewriteNames.flatMap((name) => ["--without", name]);
    expect(await run(folder, ...all)).toMatchObject({ code: 0 });
    const unknown = await run(folder, "--without", "magic");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain(`no rewrite is named magic; there are ${rewriteNames[0]}`);
  });

  it("ends with 2 without a folder to check", async () => {
    expect((await run()).code).toBe(2);
    const missing = await run(path.join(scratch, "nowhere"));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("nowhere");
  });
});
