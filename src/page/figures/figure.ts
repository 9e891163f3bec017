/** A figure of the page. */
export interface Figure {
  readonly title: string;
  /** What the marks mean, below the title. */
  readonly about: string;
  readonly svg: string;
}
