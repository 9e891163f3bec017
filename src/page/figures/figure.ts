/** A figure of the page. */
export interface Figure {
  /** The name of its file, without an end: letters, digits, dots and dashes. */
  readonly name: string;
  readonly title: string;
  /** What the marks mean, below the title. */
  readonly about: string;
  readonly svg: string;
  /** The same for a screen as narrow as a phone's; left out: there the reader scrolls sideways. */
  readonly narrow?: string;
}
