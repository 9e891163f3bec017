import { settingsText } from "../cells/index.js";
import type { Comparison, Entry, Row } from "../report/index.js";

const named = (text: string): string => (text === "" ? "all" : text);

/** A variant's settings, as in the names of cells. */
export const nameOfEntry = ({ labels, variants }: Comparison, { settings }: Entry): string =>
  named(settingsText(settings, variants, labels));

/** A row's settings, as in the names of cells. */
export const nameOfRow = ({ labels, rows }: Comparison, { settings }: Row): string =>
  named(settingsText(settings, rows, labels));
