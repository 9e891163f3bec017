/**
 * The error for a function that cannot become a graph. The message names the operation that
 * prevents it.
 */
export class CannotTrace extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CannotTrace";
  }
}
