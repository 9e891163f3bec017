import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AnswerLog } from "../../runners/base/chat/answer-log.js";
import { VectorLog } from "../../runners/stages/embed/vector-log.js";
import { lockHolder, tryLock } from "../../src/base/lock.js";
import { JournalWriter, readJournal, readSweep } from "../../src/journal/index.js";
import { FileHashes } from "../../src/plan/index.js";
import { readInfluences, writeInfluences } from "../../src/statistics/cache.js";
import { formatManifest, manifestOf, parseManifest } from "../../src/store/manifest.js";
import { Ledger } from "../../src/tracking/ledger.js";
import { finish, shared, start, started } from "../support/journal.js";
import { newFolder, removeFolders } from "../support/stage.js";
import { fuzz, mutateBytes } from "./support.js";

const DAY = { timeout: 86_400_000 };

let folder: string;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(removeFolders);

/** The only file in a folder whose name ends so. */
const fileIn = async (place: string, ending: string): Promise<string> =>
  path.join(
    place,
    (await readdir(place)).find((name) => name.endsWith(ending))!,
  );

test("journals", DAY, async () => {
  const writer = await JournalWriter.open(folder);
  for (const event of [started, start(shared.fingerprint), finish(shared.fingerprint, 1)]) {
    await writer.append(event);
  }
  await writer.close();
  const file = path.join(folder, "journal.ndjson");
  const whole = await readFile(file);
  const told = (await readJournal(folder)).entries.map((entry) => JSON.stringify(entry));
  await fuzz("journals", 0.08, async (random) => {
    await writeFile(file, mutateBytes(random, whole));
    const { entries } = await readJournal(folder);
    // An entry is as it was written, or it is not there.
    for (const entry of entries) expect(told).toContain(JSON.stringify(entry));
    await readSweep(folder);
    const next = await JournalWriter.open(folder);
    await next.append(started);
    await next.close();
    const healed = await readJournal(folder);
    expect(healed.torn).toBe(false);
    expect(healed.entries.at(-1)!.event).toEqual(started);
  });
});

test("locks", DAY, async () => {
  const place = await newFolder();
  const file = path.join(place, "locks", "one.lock");
  const taken = await tryLock(file, "a test");
  if (!("lock" in taken)) throw new Error("a new lock was held");
  const alive = await readFile(file);
  await taken.lock.release();
  // Nobody is 2^22: no lock may keep its secret of who died.
  const dead = Buffer.from(JSON.stringify({ ...JSON.parse(alive.toString()), pid: 4_194_304 }));
  await fuzz("locks", 0.06, async (random) => {
    await writeFile(file, mutateBytes(random, random.of([alive, dead])));
    const holder = await lockHolder(file);
    const outcome = await tryLock(file, "a case");
    if ("lock" in outcome) await outcome.lock.release();
    else expect(outcome.holder.token).toBe(holder?.token ?? outcome.holder.token);
    expect((await readdir(place)).sort()).toEqual(["locks"]);
    expect((await readdir(path.dirname(file))).filter((name) => name !== "one.lock")).toEqual([]);
  });
});

test("caches and ledgers", DAY, async () => {
  const store = await newFolder();
  const user = path.join(store, "data.txt");
  await writeFile(user, "some data");
  const sum = await new FileHashes(store).hash(user);
  const cacheFile = path.join(store, "cache", "files.ndjson");
  const cache = await readFile(cacheFile);

  const answer = { key: "k", text: "t", promptTokens: 1, completionTokens: 2 };
  const answers = path.join(store, "answers");
  const answerLog = new AnswerLog(answers);
  answerLog.add(answer);
  answerLog.close();
  const answerFile = await fileIn(answers, ".jsonl");
  const kept = await readFile(answerFile);

  const vector = Float32Array.of(1, 2, 3);
  const vectors = path.join(store, "vectors");
  const vectorLog = new VectorLog(vectors, new Set(["k"]));
  vectorLog.add([["k", vector]]);
  vectorLog.close();
  const vectorFiles = [await fileIn(vectors, ".f32"), await fileIn(vectors, ".keys")];
  const keptVectors = await Promise.all(vectorFiles.map((name) => readFile(name)));

  const influence = {
    samples: "s",
    metrics: {
      m: { value: 1, leftOut: 0, units: Int32Array.of(1, 2), phi: Float64Array.of(3, 4) },
    },
  };
  const influences = path.join(store, "one.bin");
  await writeInfluences(influences, influence);
  const numbers = await readFile(influences);

  const result = { metrics: { "test.auc": 0.5 } };
  const times = { created: new Date(0), seconds: 1 };
  const manifest = manifestOf(shared, result, [], times);

  const tracking = path.join(store, "tracking");
  const ledger = await Ledger.open(tracking, { url: null, experiment: "e" });
  await ledger.save({ cursor: 7 });
  await ledger.addRun("cell:a" as never, "run");
  const ledgerFiles = ["state.json", "runs.ndjson"].map((name) => path.join(tracking, name));
  const keptLedger = await Promise.all(ledgerFiles.map((name) => readFile(name)));
  await mkdir(tracking, { recursive: true });

  await fuzz("caches and ledgers", 0.06, async (random) => {
    await writeFile(cacheFile, mutateBytes(random, cache));
    expect(await new FileHashes(store).hash(user)).toBe(sum);

    await writeFile(answerFile, mutateBytes(random, kept));
    const again = new AnswerLog(answers);
    expect(typeof (again.get("k")?.text ?? "")).toBe("string");
    again.close();

    const spoilt = random.below(2);
    await writeFile(vectorFiles[spoilt]!, mutateBytes(random, keptVectors[spoilt]!));
    await writeFile(vectorFiles[1 - spoilt]!, keptVectors[1 - spoilt]!);
    const found = new VectorLog(vectors, new Set(["k"]));
    expect([undefined, vector]).toContainEqual(found.get("k"));
    found.close();

    await writeFile(influences, mutateBytes(random, numbers));
    const read = await readInfluences(influences);
    if (read !== null)
      expect(
        Object.values(read.metrics).every(({ units, phi }) => units.length === phi.length),
      ).toBe(true);

    const text = mutateBytes(random, Buffer.from(formatManifest(manifest))).toString("utf8");
    const parsed = parseManifest(text, shared.fingerprint);
    if (typeof parsed !== "string") expect(parsed).toEqual(manifest);

    const which = random.below(2);
    await writeFile(ledgerFiles[which]!, mutateBytes(random, keptLedger[which]!));
    await writeFile(ledgerFiles[1 - which]!, keptLedger[1 - which]!);
    const opened = await Ledger.open(tracking, { url: null, experiment: "e" });
    expect(Number.isSafeInteger(opened.state.cursor)).toBe(true);
  });
});
