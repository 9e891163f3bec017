import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lab } from "../../support/engine.js";
import { FaultyProxy } from "./proxy.js";
import { kindOf, readBack, mlflowForTests } from "./support.js";
import { R4EC } from "../../support/command-line.js";

// All of its files are searched for secrets.
const server = mlflowForTests(true);
let lab: Lab;
let proxy: FaultyProxy;

beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(async () => {
  await proxy.close();
  await lab.close();
});

const USER = "ann-of-the-test";
const PASSWORD = "p@ss:w/rd#planted-1 %";
const TOKEN = "planted-token-2-XYZ.abc";
const basic = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
const inAddress = `${USER}:${encodeURIComponent(PASSWORD)}@`;

type Variables = { readonly [name: string]: string };

/** Everything below a folder that holds one of the texts; files as bytes, a database too. */
async function holding(folder: string, secrets: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    if (secrets.some((secret) => bytes.includes(secret))) found.push(file);
  }
  return found;
}

/** Ways to sign in: the header that the door wants, variables, and what stands before the host in the spec. */
const WAYS: { readonly [how: string]: readonly [string, (url: string) => Variables, string] } = {
  "with a user and a password": [
    basic,
    (url) => ({
      MLFLOW_TRACKING_URI: `${url}/`,
      MLFLOW_TRACKING_USERNAME: USER,
      MLFLOW_TRACKING_PASSWORD: PASSWORD,
    }),
    "",
  ],
  "with user info in the address": [
    basic,
    (url) => ({ MLFLOW_TRACKING_URI: url.replace("://", `://${inAddress}`) }),
    "",
  ],
  "with a token": [
    `Bearer ${TOKEN}`,
    (url) => ({ MLFLOW_TRACKING_URI: `${url}/`, MLFLOW_TRACKING_TOKEN: TOKEN }),
    "",
  ],
  "with user info in the spec": [basic, () => ({}), inAddress],
};

// At the root, where an address has user info, faults.test.ts signs in.
describe.each([
  ["the server's root", "", ["with a user and a password", "with a token"]],
  ["a path prefix", "/teams/mlflow", Object.keys(WAYS)],
])("under %s a sweep signs in", (_, prefix, ways) => {
  test.each(ways)(
    "%s, and no secret is written anywhere",
    async (how) => {
      const [wanted, variables, inSpec] = WAYS[how]!;
      proxy = new FaultyProxy(server.url, prefix);
      const url = await proxy.listen();
      // The real server is behind a door that wants the header, and does not know of the prefix.
      proxy.fault = ({ headers }) =>
        headers.authorization === wanted
          ? "pass"
          : { status: 401, body: `who are you? ${headers.authorization ?? ""}` };
      const name = `sign-in-${how.replaceAll(" ", "-")}-${prefix.length}`;
      lab.environment = { R4EC_MLFLOW_URI: undefined, ...variables(url) };
      const tracking =
        inSpec === "" ? "" : `tracking: {mlflow: {uri: "${url.replace("://", `://${inSpec}`)}"}}\n`;
      const file = await lab.spec(
        `name: ${name}\nsweep:\n  grid: {toy.model: [a, b]}\n${tracking}`,
      );
      const swept = await lab.run("sweep", file);
      expect(swept.code, swept.stderr).toBe(0);
      expect(swept.stdout + swept.stderr).toContain(`${url}/#/experiments/`);
      if (inSpec === "") {
        const synced = await lab.run("sync");
        expect(synced.code, synced.stdout + synced.stderr).toBe(0);
      }
      const { runs } = await readBack(server.url, name);
      expect(runs.filter((run) => kindOf(run) === "cell").map(({ status }) => status)).toEqual([
        "FINISHED",
        "FINISHED",
      ]);
      const wrong = await lab.run("sync", "--mlflow-uri", url.replace("://", "://x:wrong-3@"));
      expect(wrong.code).toBe(3);
      expect(wrong.stdout).toContain("denies access");
      const secrets = [PASSWORD, encodeURIComponent(PASSWORD), TOKEN, wanted.split(" ")[1]!];
      const said = [swept, wrong].map(({ stdout, stderr }) => stdout + stderr).join("");
      for (const secret of [...secrets, "wrong-3"]) expect(said).not.toContain(secret);
      expect(await holding(lab.store, secrets)).toEqual([]);
      expect(await holding(path.join(server.folder, "mlflow"), secrets)).toEqual([]);
      // The search would find one: the sweep's name stands in the database and in the journal.
      expect(await holding(path.join(server.folder, "mlflow"), [name])).not.toEqual([]);
      expect(await holding(lab.store, [name])).not.toEqual([]);
    },
    120_000,
  );
});

test("doctor signs in where it asks whether the server answers", async () => {
  proxy = new FaultyProxy(server.url, "/mlflow");
  const url = await proxy.listen();
  proxy.fault = ({ headers }) => (headers.authorization === basic ? "pass" : { status: 401 });
  const { stdout } = await execa(process.execPath, [R4EC, "doctor", "--store", lab.store], {
    // Without an LLM environment, which takes long to try.
    env: {
      MLFLOW_TRACKING_URI: url.replace("://", `://${inAddress}`),
      R4EC_TOOLCHAIN: path.join(lab.folder, "none"),
    },
    reject: false,
  });
  expect(stdout).toMatch(/ok +mlflow-server +http:\/\/\S*127\.0\.0\.1:\d+\S* answers\n/);
  expect(stdout).not.toContain(encodeURIComponent(PASSWORD));
}, 120_000);
