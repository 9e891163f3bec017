import type { Finding } from "../../../../src/base/diagnostic.js";
import { mistake } from "../../../base/stage/mistake.js";
import type { DatasetSettings } from "../source.js";
import { dateReader } from "./dates.js";
import { itemColumns } from "./params.js";
import type { ItemSettings, TableSettings } from "./settings.js";

/** A rating that would not be read, because the label comes from elsewhere. */
export function checkLabelled({
  interactions = {},
  label,
}: DatasetSettings & TableSettings): readonly Finding[] {
  if (label === undefined || interactions.rating === undefined) return [];
  const at = "dataset.interactions.rating";
  if ("column" in label) {
    const message = `the label is the column ${label.column} (dataset.label): a rating beside it is not read; leave one of the two out`;
    return [mistake(at, message)];
  }
  const message =
    "with label.implicit every interaction is positive, and a rating is not read; leave it out, or keep some ratings alone by an sql: query";
  return "implicit" in label ? [mistake(at, message)] : [];
}

/** An attribute that is named twice. */
export function checkAttributes(items: ItemSettings): readonly Finding[] {
  const { attributes } = itemColumns(items);
  const repeated = attributes.find(
    ({ column }, n) => attributes.findIndex((each) => each.column === column) < n,
  );
  return repeated === undefined
    ? []
    : [mistake("dataset.items.attributes", `${repeated.column} stands there twice`)];
}

/**
 * Mistakes about times.
 *
 * @param known whether a column of times is known without `time`
 */
export function checkTimes({ interactions = {} }: TableSettings, known: boolean): Finding[] {
  const { time, time_unit, time_format } = interactions;
  const at = "dataset.interactions";
  const name = time_unit !== undefined ? "time_unit" : "time_format";
  if (time === undefined && !known) {
    return time_unit === undefined && time_format === undefined
      ? []
      : [mistake(`${at}.${name}`, `${name} needs \`time\`: the name of the column`)];
  }
  if (time_unit !== undefined && time_format !== undefined)
    return [mistake(`${at}.time_unit`, "dates of a form (time_format) have no unit")];
  if (time_format === undefined || dateReader(time_format) !== null) return [];
  return [
    mistake(
      `${at}.time_format`,
      `${time_format} is no form of a date; it holds %Y, %d and one of %m %b %B, and known are %Y %m %d %H %M %S %f %b %B %a %A %z`,
    ),
  ];
}
