import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PythonPart } from "../contract/python-part.js";
import type { Surroundings, ToolchainPart } from "../contract/runner.js";
import { environmentFlavour, findEnvironment, TRACKING } from "./environment.js";
import { TENSORFLOW_VERSION, wantedFlavour } from "./flavour.js";
import type { GivenEnvironment } from "./given.js";
import { lookAt } from "./given.js";
import type { ToolchainConfig } from "./install-context.js";
import { sha256Of } from "./ready-file.js";
import { findTensorFlow, givenBinding } from "./tensorflow.js";

/** Stands for a fact that only an installation tells. */
const NOT_INSTALLED = "not installed";

/**
 * What stages with these parts run in on this machine, as far as it can be told without installing
 * anything: see {@link Surroundings}.
 *
 * @param parts as runners name them: `tensorflow`, `lab.train`
 */
export async function surroundingsOf(
  parts: readonly ToolchainPart[],
  environments: readonly PythonPart[],
  config: ToolchainConfig,
): Promise<Surroundings> {
  const all = await Promise.all(
    [...new Set(parts)].map((name) => ofPart(name, environments, config)),
  );
  return Object.assign({}, ...all) as Surroundings;
}

async function ofPart(
  name: ToolchainPart,
  environments: readonly PythonPart[],
  { toolchain, environments: given = {} }: ToolchainConfig,
): Promise<Surroundings> {
  const [part, use] = name.split(".") as [string, string?];
  const folder = path.resolve(toolchain.value);
  const plan = [TRACKING, ...environments].find((one) => one.part === part);
  if (plan === undefined) return ofTensorFlow(folder);
  const own = given[part];
  if (own === undefined) return ofInstalled(plan, folder);
  const modules = use === undefined ? [] : (plan.uses[use]?.modules ?? []);
  const looked = await lookAt(own.value, modules);
  return looked.ok ? ofGiven(part, looked.value) : { [part]: `own environment ${own.value}` };
}

/** A fact of a part: its version has the part's name, any other stands behind a dot. */
const facts = (part: string, version: string, others: Surroundings): Surroundings => ({
  [part]: version,
  ...Object.fromEntries(Object.entries(others).map(([name, value]) => [`${part}.${name}`, value])),
});

/** An environment that r4ec makes: its name, its Python, its flavour and the sums of its lists. */
async function ofInstalled(plan: PythonPart, toolchain: string): Promise<Surroundings> {
  const found = await findEnvironment(plan, toolchain);
  const sums = await Promise.all(
    plan.lists.map(async (file) => {
      const text = await readFile(file, "utf8");
      return [path.basename(file), createHash("sha256").update(text).digest("hex")] as const;
    }),
  );
  return facts(plan.part, plan.name, {
    python: found?.ready.facts["python"] ?? NOT_INSTALLED,
    ...(plan.byFlavour && { flavour: await environmentFlavour(plan) }),
    ...Object.fromEntries(sums),
  });
}

/** An environment of the user's own: its folder, its Python, the modules used, the sum of all packages. */
function ofGiven(
  part: string,
  { environment, python, versions, packages }: GivenEnvironment,
): Surroundings {
  return facts(part, `own environment ${environment.folder}`, {
    python,
    ...Object.fromEntries([...versions].map(([name, version]) => [name, version ?? "missing"])),
    packages,
  });
}

async function ofTensorFlow(toolchain: string): Promise<Surroundings> {
  const given = givenBinding();
  if (given !== null) {
    const sum = await sha256Of(given).catch(() => "cannot be read");
    return facts("tensorflow", `own binding ${given}`, { binding: sum });
  }
  const found = await findTensorFlow(toolchain);
  return facts("tensorflow", found?.ready.facts["tensorflow"] ?? TENSORFLOW_VERSION, {
    flavour: found?.flavour ?? (await wantedFlavour()),
    compiler: found?.ready.facts["compiler"] ?? NOT_INSTALLED,
  });
}
