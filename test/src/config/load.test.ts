import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ConfigRequest, loadConfig } from "../../../src/config/load.js";
import { experimentOf, spec } from "../spec/read.js";

/** A folder with the given files; `home` stands for the folder of the user's settings. */
function world(files: { readonly [file: string]: string } = {}): {
  readonly root: string;
  readonly cwd: string;
  readonly environment: { readonly [name: string]: string };
} {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "r4ec-config-")));
  const cwd = join(root, "project", "deep");
  mkdirSync(cwd, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return { root, cwd, environment: { XDG_CONFIG_HOME: join(root, "home") } };
}

async function configOf(request: ConfigRequest) {
  const result = await loadConfig(request);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const user = "home/r4ec/config.yaml";
const project = "project/r4ec.config.yaml";

describe("user-level settings", () => {
  it("have defaults", async () => {
    const { cwd } = world();
    const config = await configOf({ cwd, environment: { XDG_CONFIG_HOME: join(cwd, "none") } });
    const origin = { kind: "default", name: null };
    expect(config).toEqual({
      store: { value: join(cwd, ".r4ec"), origin },
      toolchain: { value: join(homedir(), ".cache", "r4ec"), origin },
      mlflowUri: { value: null, origin },
      mlflowArtifacts: { value: "small", origin },
      gpus: { value: "auto", origin },
      offline: { value: false, origin },
      environments: {},
      passedOver: [],
    });
  });

  it.each([
    [".git", (root: string) => mkdirSync(join(root, "project", ".git"))],
    ["package.json", (root: string) => writeFileSync(join(root, "project", "package.json"), "{}")],
    ["a store", (root: string) => mkdirSync(join(root, "project", ".r4ec"))],
    ["a file of settings", (root: string) => writeFileSync(join(root, project), "offline: true")],
  ])("keep the store beside %s", async (_name, prepare) => {
    const { root, cwd, environment } = world();
    prepare(root);
    const { store } = await configOf({ cwd, environment });
    expect(store.value).toBe(join(root, "project", ".r4ec"));
  });

  it("name environments that are there, each part by its strongest setting", async () => {
    const { root, cwd, environment } = world({
      [user]: "environments: {tracking: mine, llm: mine, other: /opt/other}\n",
      [project]: "environments: {llm: ../ours}\n",
    });
    const values = async (more: Partial<ConfigRequest>): Promise<{ [part: string]: string }> => {
      const { environments } = await configOf({ cwd, environment, ...more });
      return Object.fromEntries(
        Object.entries(environments).map(([part, { value, origin }]) => [
          part,
          `${origin.kind} ${value}`,
        ]),
      );
    };
    const files = {
      tracking: `user ${join(root, "home/r4ec/mine")}`,
      llm: `project ${join(dirname(join(root, project)), "../ours")}`,
      other: "user /opt/other",
    };
    expect(await values({})).toEqual(files);
    const experiment = experimentOf(spec("environments: {tracking: /opt/conda/envs/lab}\n"));
    expect(await values({ spec: experiment })).toEqual({
      ...files,
      tracking: "spec /opt/conda/envs/lab",
    });
    const variables = {
      ...environment,
      R4EC_TRACKING_ENVIRONMENT: "~/venv",
      R4EC_NEW_ENVIRONMENT: "",
    };
    expect(await values({ spec: experiment, environment: variables })).toEqual({
      ...files,
      tracking: `environment ${join(homedir(), "venv")}`,
    });
  });

  it("come from the strongest of flag, environment, spec, project, user and default", async () => {
    const { root, cwd, environment } = world({
      [user]:
        "resources: {gpus: [1]}\ntracking: {mlflow: {uri: 'http://user'}}\noffline: true\nstore: s\n",
      [project]: "resources: {gpus: [2]}\ntracking: {mlflow: {uri: 'http://project'}}\n",
    });
    const experiment = experimentOf(
      spec("resources: {gpus: [3]}\ntracking: {mlflow: {uri: 'http://spec'}}\n"),
    );
    const fromFiles = await configOf({ cwd, environment });
    expect(fromFiles.environments).toEqual({});
    expect(fromFiles.gpus).toEqual({
      value: [2],
      origin: { kind: "project", name: join(root, project) },
    });
    expect(fromFiles.offline).toEqual({
      value: true,
      origin: { kind: "user", name: join(root, user) },
    });
    expect(fromFiles.store.value).toBe(join(root, "home/r4ec/s"));

    const fromSpec = await configOf({ cwd, environment, spec: experiment });
    expect(fromSpec.gpus).toEqual({ value: [3], origin: { kind: "spec", name: "spec.yaml" } });
    expect(fromSpec.mlflowUri.value).toBe("http://spec");

    const variables = { ...environment, R4EC_GPUS: "4, 5", MLFLOW_TRACKING_URI: "http://mlflow" };
    const fromEnvironment = await configOf({ cwd, environment: variables, spec: experiment });
    expect(fromEnvironment.gpus).toEqual({
      value: [4, 5],
      origin: { kind: "environment", name: "R4EC_GPUS" },
    });
    expect(fromEnvironment.mlflowUri.origin.name).toBe("MLFLOW_TRACKING_URI");
    const ours = { ...variables, R4EC_MLFLOW_URI: "off" };
    expect((await configOf({ cwd, environment: ours })).mlflowUri.value).toBe("off");

    const fromFlag = await configOf({
      cwd,
      environment: ours,
      flags: { gpus: "none", store: "here" },
    });
    expect(fromFlag.gpus).toEqual({ value: [], origin: { kind: "flag", name: "--gpus" } });
    expect(fromFlag.store.value).toBe(join(cwd, "here"));
  });

  it("may be switched off in a spec", async () => {
    const { cwd, environment } = world();
    const experiment = experimentOf(spec("tracking: {mlflow: off}\n"));
    for (const given of [
      environment,
      { ...environment, MLFLOW_TRACKING_URI: "http://mlflow" },
      { ...environment, R4EC_MLFLOW_URI: "http://mlflow", MLFLOW_TRACKING_URI: "databricks" },
    ]) {
      const config = await configOf({ cwd, environment: given, spec: experiment });
      expect(config.mlflowUri.value).toBe("off");
      expect(config.passedOver).toEqual([]);
    }
    const flags = { mlflowUri: "http://asked-for" };
    const asked = await configOf({ cwd, environment, spec: experiment, flags });
    expect(asked.mlflowUri.value).toBe("http://asked-for");
  });

  it("take the environment's empty variables for unset", async () => {
    const { cwd, environment } = world();
    const config = await configOf({
      cwd,
      environment: { ...environment, R4EC_STORE: "", R4EC_OFFLINE: "1" },
    });
    expect(config.store.origin.kind).toBe("default");
    expect(config.offline.value).toBe(true);
  });
});

describe("mistakes in user-level settings", () => {
  it("stand at their place in the file, all at once", async () => {
    const { root, cwd, environment } = world({
      [project]: "stor: x\nresources:\n  gpus: all\noffline: yes\n",
    });
    const result = await loadConfig({ cwd, environment });
    expect(
      result.ok ? [] : result.error.map((one) => `${one.line}:${one.column} ${one.message}`),
    ).toEqual([
      '1:1 unknown setting "stor"; did you mean store?',
      '3:9 unknown value "all" for resources.gpus; it must be auto; or numbers of the GPUs; with an empty list no GPU is used',
      '4:10 offline must be true or false, not "yes" (YAML 1.2 knows only true and false)',
    ]);
    expect(result.ok ? null : result.error[0]!.file).toBe(join(root, project));
  });

  it("name the variable or the flag", async () => {
    const { cwd, environment } = world();
    const result = await loadConfig({
      cwd,
      environment: {
        ...environment,
        R4EC_GPUS: "two",
        R4EC_OFFLINE: "maybe",
        R4EC_MLFLOW_URI: "sqlite:///x",
      },
      flags: { mlflowUri: "localhost" },
    });
    expect(result.ok ? [] : result.error.map(({ file, message }) => `${file} ${message}`)).toEqual([
      '--mlflow-uri must be the http(s) address of an MLflow server, or off, not "localhost"',
      'R4EC_MLFLOW_URI must be the http(s) address of an MLflow server, or off, not "sqlite:///x"',
      'R4EC_GPUS must be auto, none, or numbers of cards with commas between, not "two"',
      'R4EC_OFFLINE must be 1 or 0, not "maybe"',
    ]);
  });

  it.each(["databricks", "file:///x", "sqlite:///mlflow.db", "http://", "http://h:99999", "%%%"])(
    "pass over MLFLOW_TRACKING_URI=%s, which is another program's",
    async (uri) => {
      const { cwd, environment } = world();
      const config = await configOf({
        cwd,
        environment: { ...environment, MLFLOW_TRACKING_URI: uri },
      });
      expect(config.mlflowUri).toEqual({ value: null, origin: { kind: "default", name: null } });
      expect(config.passedOver).toEqual([
        expect.stringContaining(`MLFLOW_TRACKING_URI is "${uri}", which is no http(s) address`),
      ]);
    },
  );

  it("say nothing of a variable that would not have counted, and no secret of one", async () => {
    const { cwd, environment } = world();
    const foreign = { ...environment, MLFLOW_TRACKING_URI: "mysql://me:hunter-2-secret@db/mlflow" };
    const flags = { mlflowUri: "http://mine" };
    expect((await configOf({ cwd, environment: foreign, flags })).passedOver).toEqual([]);
    const [line] = (await configOf({ cwd, environment: foreign })).passedOver;
    expect(line).toMatch(/^MLFLOW_TRACKING_URI is/);
    expect(line).not.toContain("hunter-2-secret");
  });
});
