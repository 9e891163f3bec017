/** What an installation needs to know. */
export interface InstallContext {
  /** Absolute toolchain folder. */
  readonly toolchain: string;
  readonly offline: boolean;
  readonly signal?: AbortSignal | undefined;
}
