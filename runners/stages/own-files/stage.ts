import path from "node:path";
import type { StageRequest } from "../../../src/contract/runner.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import type { OwnFilesParams, OwnFilesSettings } from "./settings.js";
import { ownFiles, beginsWithMark } from "./settings.js";

/** The stage that brings the user's own text or vectors into the form of r4ec's artifacts. */
export function ownFilesStage(
  settings: OwnFilesSettings,
  place: SpecPlace,
  dataset: StageRequest,
): StageRequest<OwnFilesParams> {
  const files = ownFiles(settings, place);
  return {
    runner: "file",
    label: "file",
    // A file counts by its content. How to read it shows in the end of its name alone.
    params: {
      ...Object.fromEntries(
        Object.entries(files).map(([name, file]) => [name, path.extname(file.path).toLowerCase()]),
      ),
      // Earlier versions took the mark for a part of the first id, and left its row out. What they
      // made is not used again; without such a file everything is.
      ...(["user_ids", "item_ids"].some((name) => beginsWithMark(files[name]?.path))
        ? { reading: "2" }
        : {}),
    },
    inputs: { dataset },
    files,
    execution: {},
  };
}
