import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** The program that a user runs, for Node. */
export const R4EC = fileURLToPath(new URL("../../bin/r4ec.js", import.meta.url));

/** For {@link commandLine}: tracking by a local MLflow, whatever this machine's environment says. */
export const LOCAL_MLFLOW = { R4EC_MLFLOW_URI: "", MLFLOW_TRACKING_URI: "" } as const;

/**
 * The real command line in a folder, without GPUs and with a store in the folder. A call does not
 * reject: the test looks at the exit status.
 *
 * @param folder asked at each call, since tests make theirs before they run
 * @param environment variables in addition, or in place of these
 */
export const commandLine =
  (folder: () => string, environment: { readonly [name: string]: string } = {}) =>
  (...args: readonly string[]) =>
    execa(process.execPath, [R4EC, ...args], {
      cwd: folder(),
      reject: false,
      env: {
        ...{ R4EC_STORE: path.join(folder(), "store"), R4EC_GPUS: "none", NO_COLOR: "1" },
        ...environment,
      },
    });
