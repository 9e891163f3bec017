/** Exit statuses of every command. */
export const ExitCode = {
  done: 0,
  /** Some cells failed. */
  cellsFailed: 1,
  /** The spec or the command line is wrong. */
  usage: 2,
  /** Toolchain, disk or network. */
  environment: 3,
  /** r4ec itself is wrong (EX_SOFTWARE of BSD's sysexits.h). */
  bug: 70,
  /** Ended by Ctrl-C, as shells report it. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * An error with a message meant for the user as it stands (no stack is shown) and an exit status.
 * `hint` says what to do about it.
 */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  constructor(
    message: string,
    options: { exitCode: ExitCode; hint?: string; cause?: unknown } = { exitCode: ExitCode.usage },
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "UserError";
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}
