/** Pixels of a plot that is to stand on a phone's screen beside an axis of numbers. */
export const BESIDE_NUMBERS = 230;
/** The same beside an axis of names. */
export const BESIDE_NAMES = 170;

/** A figure of the page. */
export interface Figure {
  /** The name of its file, without an end: letters, digits, dots and dashes. */
  readonly name: string;
  readonly title: string;
  /** What the marks mean, below the title. */
  readonly about: string;
  readonly svg: string;
  /** The same for a screen as narrow as a phone's. */
  readonly narrow: string;
}
