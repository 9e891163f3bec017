import type { Comparison, Entry, Row } from "../report/index.js";
import { settingsOrAll } from "../report/index.js";

/** A variant's settings, as in the names of cells. */
export const nameOfEntry = (comparison: Comparison, { settings }: Entry): string =>
  settingsOrAll(comparison, settings, comparison.variants);

/** A row's settings, as in the names of cells. */
export const nameOfRow = (comparison: Comparison, { settings }: Row): string =>
  settingsOrAll(comparison, settings, comparison.rows);
