import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { ArtifactChoice, Config, Configured, Origin } from "./config.js";
import {
  type ConfigFile,
  findProjectFile,
  findUserFile,
  projectFiles,
  readConfigFile,
} from "./file.js";
import type { Diagnostic } from "../base/diagnostic.js";
import { expandHome } from "../base/home.js";
import { PACKAGE_ROOT } from "../base/package.js";
import { learnSecrets, redact } from "../base/redact.js";
import { err, ok, type Result } from "../base/result.js";
import type { Experiment } from "../spec/index.js";

/** Flags that override settings; undefined where not given. */
export interface ConfigFlags {
  /** `--store`, as given; relative to the cwd. */
  readonly store?: string | undefined;
  /** `--toolchain` */
  readonly toolchain?: string | undefined;
  /** `--mlflow-uri` */
  readonly mlflowUri?: string | undefined;
  /** `--gpus`: `auto`, `none` or `0,1`. */
  readonly gpus?: string | undefined;
  /** `--offline` */
  readonly offline?: boolean | undefined;
}

/** What a spec says about machines and tracking, and where it lies where that is known. */
export type SpecOfMachines = Pick<Experiment, "file" | "resources" | "tracking"> &
  Partial<Pick<Experiment, "folder" | "environments">>;

export interface ConfigRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly flags?: ConfigFlags;
  /** Its `resources.gpus` and `tracking.mlflow` override files, not the environment or flags. */
  readonly spec?: SpecOfMachines;
  /** Absolute folder of the spec that the call names: its project comes before that of the cwd. */
  readonly specFolder?: string | undefined;
  /** Default: process.env. */
  readonly environment?: { readonly [name: string]: string | undefined };
}

/**
 * Finds and merges the user-level settings; every value says where it came from. A mistake in a
 * file stands at its line; one in a variable or a flag names that as its file, at 1:1.
 */
export async function loadConfig(
  request: ConfigRequest,
): Promise<Result<Config, readonly Diagnostic[]>> {
  const { cwd, flags = {}, spec, environment = process.env } = request;
  const diagnostics: Diagnostic[] = [];
  const read = async (file: string | null): Promise<ConfigFile | null> => {
    if (file === null) return null;
    const result = await readConfigFile(file);
    if (result.ok) return result.value;
    diagnostics.push(...result.error);
    return null;
  };
  const specFolder = ownFolder(request.specFolder ?? spec?.folder, cwd);
  const ofSpec = specFolder === null ? null : await findProjectFile(specFolder);
  const project = await read(ofSpec ?? (await findProjectFile(cwd)));
  const user = await read(findUserFile(environment));

  const parsed = <T>(name: string, text: string | undefined, parse: Parse<T>): T | undefined => {
    if (text === undefined || text === "") return undefined;
    const result = parse(text);
    if (result.ok) return result.value;
    const message = `${result.error}, not ${JSON.stringify(text)}`;
    diagnostics.push({ severity: "error", message, file: name, line: 1, column: 1, path: null });
    return undefined;
  };
  /** Layers from the strongest to the weakest; the first that has a value wins. */
  const layered = <T>(layers: readonly Layer<T>[], fallback: T): Configured<T> => {
    const layer = layers.find(({ value }) => value !== undefined);
    return layer === undefined
      ? { value: fallback, origin: { kind: "default", name: null } }
      : { value: layer.value as T, origin: { kind: layer.kind, name: layer.name } };
  };
  const flag = <T>(name: string, value: T | undefined): Layer<T> => ({ kind: "flag", name, value });
  const variable = <T>(name: string, parse: Parse<T>): Layer<T> => ({
    kind: "environment",
    name,
    value: parsed(name, environment[name], parse),
  });
  const files = <T>(pick: (file: ConfigFile) => T | undefined): readonly Layer<T>[] => [
    { kind: "project", name: project?.file ?? null, value: project ? pick(project) : undefined },
    { kind: "user", name: user?.file ?? null, value: user ? pick(user) : undefined },
  ];
  const fromSpec = <T>(value: T | undefined): Layer<T> => ({
    kind: "spec",
    name: spec?.file ?? null,
    value,
  });
  const folder: Parse<string> = (text) => ok(expandHome(text, cwd));
  const mlflow = spec?.tracking.mlflow;

  const environmentOf = (part: string): Configured<string | null> =>
    layered<string | null>(
      [
        variable(`R4EC_${part.toUpperCase()}_ENVIRONMENT`, folder),
        fromSpec(spec?.environments?.[part]),
        ...files((file) => file.environments?.[part]),
      ],
      null,
    );
  const named = new Set([
    ...Object.keys(environment).flatMap((name) => ENVIRONMENT.exec(name)?.[1]?.toLowerCase() ?? []),
    ...[spec, project, user].flatMap((one) => Object.keys(one?.environments ?? {})),
  ]);
  const environments = Object.fromEntries(
    [...named]
      .sort()
      .map((part) => [part, environmentOf(part)] as const)
      .filter((one): one is [string, Configured<string>] => one[1].value !== null),
  );

  const passedOver: string[] = [];
  /** MLflow's own variable may be meant for another program: what r4ec cannot use is passed over. */
  const ofOthers = (name: string): Layer<string> => {
    const text = environment[name]?.trim() ?? "";
    const read = text === "" ? null : address(text);
    if (read?.ok === false) {
      learnSecrets(text);
      passedOver.push(
        `${name} is ${JSON.stringify(redact(text))}, which is no http(s) address: r4ec goes on without it`,
      );
    }
    return { kind: "environment", name, value: read?.ok === true ? read.value : undefined };
  };

  const config: Config = {
    store: layered(
      [
        flag("--store", parsed("--store", flags.store, folder)),
        variable("R4EC_STORE", folder),
        ...files((file) => file.store),
      ],
      join(rootAround(specFolder) ?? rootAround(cwd) ?? cwd, ".r4ec"),
    ),
    toolchain: layered(
      [
        flag("--toolchain", parsed("--toolchain", flags.toolchain, folder)),
        variable("R4EC_TOOLCHAIN", folder),
        ...files((file) => file.toolchain),
      ],
      join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "r4ec"),
    ),
    mlflowUri: layered<string | null>(
      [
        flag("--mlflow-uri", parsed("--mlflow-uri", flags.mlflowUri, address)),
        // Who writes into a spec that it is not tracked means it, whatever this machine has.
        fromSpec(mlflow === "off" ? "off" : undefined),
        variable("R4EC_MLFLOW_URI", address),
        ofOthers("MLFLOW_TRACKING_URI"),
        fromSpec(mlflow === "off" ? undefined : mlflow?.uri),
        ...files((file) => file.mlflowUri),
      ],
      null,
    ),
    mlflowArtifacts: layered<ArtifactChoice>(
      [
        fromSpec(mlflow === "off" ? undefined : mlflow?.artifacts),
        ...files((file) => file.mlflowArtifacts),
      ],
      "small",
    ),
    gpus: layered<"auto" | readonly number[]>(
      [
        flag("--gpus", parsed("--gpus", flags.gpus, cards)),
        variable("R4EC_GPUS", cards),
        fromSpec(spec?.resources.gpus),
        ...files((file) => file.gpus),
      ],
      "auto",
    ),
    offline: layered(
      [
        flag("--offline", flags.offline),
        variable("R4EC_OFFLINE", yesOrNo),
        ...files((file) => file.offline),
      ],
      false,
    ),
    environments,
    passedOver,
  };
  learnSecrets(config.mlflowUri.value);
  // Where a stronger setting says where runs go, the variable did not matter.
  const { value, origin } = config.mlflowUri;
  const isOff = origin.kind === "spec" && value === "off";
  if (isOff || origin.kind === "flag" || origin.name === "R4EC_MLFLOW_URI") passedOver.length = 0;
  return diagnostics.length > 0 ? err(diagnostics) : ok(config);
}

/** A variable that names the folder of an environment, with the part of the toolchain in its name. */
const ENVIRONMENT = /^R4EC_([A-Z][A-Z0-9]*)_ENVIRONMENT$/u;

interface Layer<T> extends Origin {
  readonly value: T | undefined;
}

type Parse<T> = (text: string) => Result<T, string>;

const address: Parse<string> = (text) =>
  text === "off" || (/^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text))
    ? ok(text)
    : err("must be the http(s) address of an MLflow server, or off");

const cards: Parse<"auto" | readonly number[]> = (text) => {
  if (text === "auto") return ok("auto");
  if (text === "none") return ok([]);
  if (!/^\d{1,3}(?:\s*,\s*\d{1,3})*$/.test(text.trim())) {
    return err("must be auto, none, or numbers of cards with commas between");
  }
  return ok([...new Set(text.split(",").map(Number))]);
};

const yesOrNo: Parse<boolean> = (text) => {
  if (/^(?:1|true|yes|on)$/i.test(text)) return ok(true);
  if (/^(?:0|false|no|off)$/i.test(text)) return ok(false);
  return err("must be 1 or 0");
};

/**
 * The nearest folder around `folder` that looks like a project: one that has a store, a settings file,
 * a .git or a package.json; null where none does.
 */
function rootAround(folder: string | null): string | null {
  if (folder === null) return null;
  const marks = [...projectFiles, ".git", "package.json"];
  for (let here = folder; ; here = dirname(here)) {
    const store = statSync(join(here, ".r4ec"), { throwIfNoEntry: false });
    if (store?.isDirectory() === true) return here;
    if (marks.some((mark) => existsSync(join(here, mark)))) return here;
    if (dirname(here) === here) return null;
  }
}

/**
 * The folder of a spec of the user's own; null for one of an installed package, or of r4ec itself
 * while the user stands elsewhere: nobody's results go there.
 */
function ownFolder(folder: string | undefined, cwd: string): string | null {
  if (folder === undefined || /[\\/]node_modules(?:[\\/]|$)/.test(folder)) return null;
  const isOfR4ec = (one: string): boolean => !relative(PACKAGE_ROOT, one).startsWith("..");
  return isOfR4ec(folder) && !isOfR4ec(cwd) ? null : folder;
}
