/** True where an error is a system error with one of the codes. */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/**
 * Error codes of a disk, its permissions, or the network under it that failed. Such an error is not
 * a bug; the exit status is 3.
 */
export const isDiskError = (error: unknown): error is NodeJS.ErrnoException =>
  isErrno(
    error,
    ...["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EIO", "ESTALE", "EMFILE", "ENFILE"],
    ...["ENOTDIR", "ELOOP", "EFBIG", "ENAMETOOLONG", "ENODEV", "ENXIO"],
  );
