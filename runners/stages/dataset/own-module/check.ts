import type { Finding } from "../../../../src/base/diagnostic.js";
import type { SpecPlace } from "../../../../src/contract/spec-place.js";
import { kindAt, resolvePath } from "../../../base/files/spec-path.js";
import { absentData, mistake } from "../../../base/stage/mistake.js";
import type { DatasetSettings } from "../source.js";
import { checkAttributes, checkLabelled, checkTimes } from "../table/check-columns.js";
import { checkFields } from "../table/fields.js";
import { userColumns } from "../table/params.js";
import { loadSource, type OwnSource, PARTS } from "./module.js";
import { withUsualColumns, type ModuleSettings } from "./params.js";

/** Settings of a table's file, which mean nothing where a module gives the rows. */
const OF_FILES = ["file", "sql", "from", "format", "delimiter", "quote", "encoding", "header"];

/** Mistakes in the settings of a module of the user's own that the schema can't see. */
export function checkModule(
  settings: DatasetSettings & ModuleSettings,
  place: SpecPlace,
): readonly Finding[] {
  const loaded = loadSource(resolvePath(settings.id, place));
  if (!loaded.ok) return [mistake("dataset.id", loaded.error)];
  return [
    ...PARTS.flatMap((part) => checkPart(settings, part, loaded.value)),
    ...checkGiven(settings, loaded.value, place),
    ...checkLabelled(settings),
    ...checkTimes(settings, true),
    ...checkAttributes(withUsualColumns(settings).items!),
    ...checkFields(settings),
  ];
}

function checkPart(
  settings: ModuleSettings,
  part: (typeof PARTS)[number],
  source: OwnSource,
): Finding[] {
  const block = settings[part];
  if (block === undefined) return [];
  const at = `dataset.${part}`;
  const ofFile = OF_FILES.find((name) => block[name] !== undefined);
  return [
    ...(ofFile === undefined
      ? []
      : [
          mistake(
            `${at}.${ofFile}`,
            `the module gives the rows itself; the files that it reads stand in dataset.files`,
          ),
        ]),
    ...(source[part] === undefined
      ? [mistake(at, `the module ${source.id} has no function ${part}`)]
      : []),
    ...(part === "users" && userColumns(settings.users!).fields.length === 0
      ? [mistake(at, "users needs `fields`: columns of theirs, such as [country, age]")]
      : []),
  ];
}

/** Mistakes in the files that a spec gives its module. */
function checkGiven(
  { files = {} }: ModuleSettings,
  { id, files: wanted }: OwnSource,
  place: SpecPlace,
): Finding[] {
  const missing = wanted
    .filter((name) => !Object.hasOwn(files, name))
    .map((name) =>
      mistake(
        "dataset",
        `the module ${id} needs dataset.files.${name}: a file, relative to the spec`,
      ),
    );
  const given = Object.entries(files).flatMap(([name, file]) => {
    const at = `dataset.files.${name}`;
    if (!wanted.includes(name)) {
      const known = wanted.length === 0 ? "it reads none" : `it reads ${wanted.join(", ")}`;
      return [mistake(at, `the module ${id} reads no file called ${name}; ${known}`)];
    }
    const found = resolvePath(file, place);
    const kind = kindAt(found);
    if (kind === "file") return [];
    return [
      kind === null
        ? absentData(at, `there is no file ${file} (${found})`)
        : mistake(at, `${file} is a ${kind}`),
    ];
  });
  return [...missing, ...given];
}
