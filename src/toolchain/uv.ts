import path from "node:path";
import type { UserError } from "../base/exit.js";
import type { Result } from "../base/result.js";
import { err, ok } from "../base/result.js";
import { waitForLock } from "../base/lock.js";
import { failedProgram, offline } from "./failure.js";
import type { IndexSettings, Pip } from "./pip.js";
import { pip, readIndexSettings } from "./pip.js";
import { placesIn } from "./folders.js";
import { readReady, recipeOf, unready, writeReady } from "./ready-file.js";
import type { Speaker } from "./setup-progress.js";
import { openFolder } from "../base/folder.js";

/** Version of uv that makes the environments. */
export const UV_VERSION = "0.13.9";

/** Path of uv's program in its folder; the one file of it that a pack carries. */
export const UV_PROGRAM = path.join("bin", "uv");

/** Hash of what uv's folder is made from. */
export const UV_RECIPE = recipeOf({ uv: UV_VERSION });

/** A uv that can be run, with the variables that make it fetch from where pip would. */
export interface Uv {
  readonly program: string;
  readonly environment: { readonly [name: string]: string };
  /** Arguments for `uv pip install` that no variable carries. */
  readonly installArguments: readonly string[];
}

/** uv in the toolchain folder, fetched by pip where it is missing. */
export async function ensureUv(
  tool: Pip,
  toolchain: string,
  isOffline: boolean,
  speaker: Speaker,
  signal?: AbortSignal,
): Promise<Result<Uv, UserError>> {
  const places = placesIn(toolchain);
  const folder = places.uv(UV_VERSION);
  const recipe = UV_RECIPE;
  const program = UV_PROGRAM;
  if ((await readReady(folder, recipe)) === null) {
    if (isOffline) return err(offline("uv"));
    const lock = await waitForLock(`${folder}.lock`, "install uv", signal ? { signal } : {});
    try {
      if ((await readReady(folder, recipe)) === null) {
        await unready(folder);
        await openFolder(folder);
        const args = ["install", "--no-deps", "--upgrade", "--target", folder, `uv==${UV_VERSION}`];
        const outcome = await speaker.during("fetching uv", () => pip(tool, args, { signal }));
        if (!outcome.ok) return err(failedProgram("uv could not be installed by pip", outcome));
        await writeReady(folder, recipe, { uv: UV_VERSION }, [program]);
      }
    } finally {
      await lock.release();
    }
  }
  const settings = await readIndexSettings(tool);
  return ok({
    program: path.join(folder, program),
    environment: uvEnvironment(settings, places.uvCache, process.env),
    installArguments: settings.noIndex ? ["--no-index"] : [],
  });
}

/** uv where a pack brought it: it takes packages from a folder of wheels alone. */
export function carriedUv(toolchain: string, wheels: string): Uv {
  const places = placesIn(toolchain);
  return {
    program: path.join(places.uv(UV_VERSION), UV_PROGRAM),
    environment: {
      ...{ UV_CACHE_DIR: places.uvCache, UV_PYTHON_DOWNLOADS: "never", UV_NO_PROGRESS: "1" },
      // Settings of this machine's own must not send uv elsewhere.
      ...{ UV_NO_CONFIG: "1", UV_OFFLINE: "1" },
    },
    installArguments: ["--no-index", "--find-links", wheels],
  };
}

/**
 * Variables that make uv behave as pip is set up on this machine. uv does not read pip's settings;
 * a variable of uv's own that the user has set stays as it is.
 */
export function uvEnvironment(
  settings: IndexSettings,
  cache: string,
  given: { readonly [name: string]: string | undefined },
): { readonly [name: string]: string } {
  const wanted: { readonly [name: string]: string | null } = {
    UV_DEFAULT_INDEX: settings.indexUrl,
    UV_INDEX: settings.extraIndexUrls.join(" "),
    // Several indexes are one pool to pip; uv would stop at the first that knows the name.
    UV_INDEX_STRATEGY: settings.extraIndexUrls.length > 0 ? "unsafe-best-match" : null,
    UV_FIND_LINKS: settings.findLinks.join(","),
    UV_INSECURE_HOST: settings.trustedHosts.join(" "),
    SSL_CERT_FILE: settings.cert,
    SSL_CLIENT_CERT: settings.clientCert,
    HTTP_PROXY: settings.proxy,
    HTTPS_PROXY: settings.proxy,
    UV_HTTP_TIMEOUT: settings.timeout,
    UV_CACHE_DIR: cache,
    UV_PYTHON_DOWNLOADS: "never",
    UV_NO_PROGRESS: "1",
  };
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const set = given[name] ?? given[name.toLowerCase()];
    if (value !== null && value !== "" && (set === undefined || set === ""))
      environment[name] = value;
  }
  return environment;
}
