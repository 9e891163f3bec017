import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { UserError } from "../base/exit.js";
import { PACKAGE_ROOT, wantedVersion } from "../base/package.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { broken } from "./failure.js";
import { placesIn, platformName, SESSION_OPTIONS } from "./folders.js";
import { TFJS } from "./tfjs.js";
import { runProgram } from "./program.js";
import { recipeOf } from "./ready-file.js";
import type { WantedWheel } from "./wheel.js";

/** Version of the TensorFlow that tfjs-node's binding is built against. */
export const TENSORFLOW_VERSION = "2.21.0";

export type Flavour = "cpu" | "gpu";

/** The wheels by flavour and machine; sha256 as the package index publishes them. */
const WHEELS: { readonly [key: string]: Omit<WantedWheel, "version"> } = {
  "cpu-linux-x64": {
    package: "tensorflow-cpu",
    platform: "manylinux_2_27_x86_64",
    sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  },
  "gpu-linux-x64": {
    package: "tensorflow",
    platform: "manylinux_2_27_x86_64",
    sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
  },
  "cpu-linux-arm64": {
    package: "tensorflow",
    platform: "manylinux_2_27_aarch64",
    sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
  },
  "cpu-darwin-arm64": {
    package: "tensorflow",
    platform: "macosx_12_0_arm64",
    sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
  },
};

/** Whether a GPU is listed, by the PATH on which the program was found that was asked. */
const listed = new Map<string, Promise<boolean>>();

/** Asks the machine once in a process: the driver may take a second for the answer. */
function listsGpu(): Promise<boolean> {
  const key = process.env["PATH"] ?? "";
  let asked = listed.get(key);
  if (asked === undefined) {
    asked = runProgram("nvidia-smi", ["-L"], { timeout: 20_000 }).then(
      (outcome) => outcome.ok && /^GPU \d+:/m.test(outcome.stdout),
    );
    listed.set(key, asked);
  }
  return asked;
}

/** The flavour this machine calls for: R4EC_TENSORFLOW (cpu or gpu), else gpu where there is one. */
export async function wantedFlavour(): Promise<Flavour> {
  const named = process.env["R4EC_TENSORFLOW"];
  if (named === "cpu" || named === "gpu") return named;
  if (WHEELS[`gpu-${platformName()}`] === undefined) return "cpu";
  return (await listsGpu()) ? "gpu" : "cpu";
}

/** TensorFlow as it is to stand in a toolchain folder. */
export interface TensorFlowPlan {
  readonly flavour: Flavour;
  readonly wheel: WantedWheel;
  readonly folder: string;
  readonly recipe: string;
}

/** What TensorFlow of a flavour is made from on a machine like this one, and where it belongs. */
export function planFor(toolchain: string, flavour: Flavour): Result<TensorFlowPlan, UserError> {
  const wheel = WHEELS[`${flavour}-${platformName()}`];
  if (wheel === undefined) {
    return err(
      broken(
        `there is no TensorFlow ${TENSORFLOW_VERSION} (${flavour}) for ${platformName()}`,
        `r4ec runs on ${Object.keys(WHEELS).join(", ")}`,
      ),
    );
  }
  return ok({
    flavour,
    wheel: { ...wheel, version: TENSORFLOW_VERSION },
    folder: placesIn(toolchain).tensorflow(TENSORFLOW_VERSION, flavour),
    recipe: recipeOf({
      wheel: wheel.sha256,
      tfjs: wantedVersion(TFJS),
      napi: 8,
      layout: 1,
      sessions: sessionOptions(),
    }),
  });
}

/** The header's code: its comments change nothing. */
const sessionOptions = (): string =>
  readFileSync(SESSION_OPTIONS, "utf8").replaceAll(/^\s*\/\/.*\n/gm, "");

const fromPackage = createRequire(path.join(PACKAGE_ROOT, "package.json"));

/** Folder of an npm package that r4ec depends on. */
export const packageFolder = (name: string): string =>
  path.dirname(fromPackage.resolve(`${name}/package.json`));
