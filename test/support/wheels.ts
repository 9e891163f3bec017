import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { testToolchainFolder } from "./toolchain.js";

/**
 * A folder that serves as a package index of one or more real wheels: fetched once into the shared
 * toolchain's downloads, reused by every later run.
 */
export async function wheelFolder(
  requirement: string,
  filePrefix: string,
  args: readonly string[] = [],
): Promise<string> {
  const folder = path.join(testToolchainFolder(), "downloads");
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  if (!names.some((name) => name.startsWith(filePrefix))) {
    await execa("python3", [
      ...["-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--dest", folder],
      ...[...args, requirement],
    ]);
  }
  return folder;
}

/** TensorFlow's CPU wheel, as the toolchain asks for it. */
export const tensorflowWheels = (): Promise<string> =>
  wheelFolder("tensorflow-cpu==2.21.0", "tensorflow_cpu-2.21.0-", [
    ...["--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.12"],
    ...["--platform", "manylinux_2_27_x86_64"],
  ]);

/** Variables that make a folder of wheels pip's only index. */
export const onlyIndex = (folder: string): { readonly [name: string]: string } => ({
  PIP_NO_INDEX: "1",
  PIP_FIND_LINKS: folder,
  PIP_EXTRA_INDEX_URL: "",
});
