import path from "node:path";
import { UserError } from "../../../src/base/exit.js";
import type { JsonObject } from "../../../src/base/json.js";
import type { GatherTask, GatheredFiles, Supply } from "../../../src/contract/supply.js";
import { carriedWheel } from "../../base/python/carried-wheel.js";
import type { DatasetSettings, Source } from "./source.js";
import { sources } from "./sources.js";
import { hints } from "./wheel.js";

/** Data sets that one folder holds, with a setting that names it. */
const withFolder = sources.filter(({ properties }) => properties["path"] !== undefined);
const known = withFolder
  .map(({ id, wheel }) => (wheel === undefined ? `${id}=FOLDER` : id))
  .join(", ");

/** Data sets that a pack can carry: fetched ones by their id, others with their folder. */
export const dataSupply: Supply = {
  option: "data",
  describe: `data sets, of ${known}`,
  places: (downloads) => ({ downloads }),
  async gather(name, task) {
    const [id, folder] = name.split("=", 2) as [string, string?];
    const source = withFolder.find((one) => one.id === id);
    if (source === undefined) {
      throw new UserError(`--data knows no ${id}: the data sets are ${known}`);
    }
    if (folder !== undefined) return gatherFolder(source, folder, task);
    if (source.wheel === undefined) {
      throw new UserError(`--data ${id} needs the folder that holds it: ${id}=FOLDER`);
    }
    return { place: "downloads", files: await carriedWheel(source.wheel, task, hints) };
  },
};

/** The files that a data set reads in its folder. A spec on the other machine names the folder there. */
function gatherFolder(source: Source, folder: string, task: GatherTask): GatheredFiles {
  const settings: JsonObject = { ...source.defaults, id: source.id, path: folder };
  const place = { folder: task.folder };
  const [wrong] = source.check(settings as DatasetSettings, place);
  if (wrong !== undefined) throw new UserError(`--data ${source.id}=${folder}: ${wrong.message}`);
  const files = Object.values(source.files(settings as DatasetSettings, place));
  return {
    place: "downloads",
    files: Object.fromEntries(
      files.map(({ path: file }) => [`${source.id}/${path.basename(file)}`, file]),
    ),
  };
}
