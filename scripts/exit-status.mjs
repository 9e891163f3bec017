// Exit statuses of programs that run before anything is compiled: ExitCode of src/base/exit.ts.
export const CHECK_FAILED = 1;
export const ENVIRONMENT = 3;
