/** What an installation is allowed and told. */
export interface InstallContext {
  /** Absolute toolchain folder. */
  readonly toolchain: string;
  readonly offline: boolean;
  readonly signal?: AbortSignal | undefined;
}
